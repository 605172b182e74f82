"""Files as offices write them, worded without a look at how columns are matched.

Each office is a list of columns: header, what it truly holds (a codebook name, or None), and what
stands in it. `OFFICES` maps a name to its maker; `make` draws the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

Column = tuple[str, str | None, list[str] | str]


@dataclass
class Office:
    """One file: its columns, and what stands beside them."""

    columns: list[Column]
    country: str
    titles: list[str] = field(default_factory=list)  # of the columns, where there is such a row
    value_labels: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def truth(self) -> dict[int, str]:
        """Column number -> codebook name that it truly holds."""
        return {n: name for n, (_, name, _) in enumerate(self.columns) if name}


def make(office: Office, rows: int = 200, seed: int = 1) -> pd.DataFrame:
    """Draw the rows of an office, shape (rows, columns), columns numbered from 0."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {n: _cells(kind, rows, rng) for n, (_, _, kind) in enumerate(office.columns)}
    )


FIRST = ["Awa", "Mamadou", "Fatou", "Ousmane", "Carlos", "María", "Abebe", "Tigist", "Isatou"]
LAST = ["Diallo", "Ndiaye", "López", "Hernández", "Tadesse", "Jallow", "Camara", "Kouassi"]


def _cells(kind: list[str] | str, rows: int, rng: np.random.Generator) -> list[str | None]:
    def pick(values):
        return [values[i] for i in rng.integers(len(values), size=rows)]

    def days(first, last):
        start, end = pd.Timestamp(first), pd.Timestamp(last)
        return start + pd.to_timedelta(rng.integers(0, (end - start).days, rows), unit="D")

    if isinstance(kind, list):
        return pick(kind)
    what, _, how = kind.partition(":")
    if what == "int":
        low, high = map(int, how.split("-"))
        return [str(v) for v in rng.integers(low, high + 1, rows)]
    if what in ("interview", "return", "birth", "other_date"):
        spans = {
            "interview": ("2019-06-01", "2020-09-01"),
            "return": ("2017-06-01", "2019-05-01"),
            "birth": ("1965-01-01", "2001-01-01"),
            "other_date": ("2016-01-01", "2019-12-01"),
        }
        return list(days(*spans[what]).strftime(how or "%d/%m/%Y"))
    if what == "moment":
        moments = days("2019-06-01", "2020-09-01") + pd.to_timedelta(
            rng.integers(480, 1020, rows), unit="min"
        )
        return list(moments.strftime("%Y-%m-%dT%H:%M:%S.000+00:00"))
    if what == "id":
        return [f"{how}{n:05}" for n in rng.permutation(90000)[:rows]]
    if what == "uuid":
        return ["-".join(f"{v:08x}" for v in row) for row in rng.integers(0, 2**32, (rows, 4))]
    if what == "name":
        return [f"{a} {b}" for a, b in zip(pick(FIRST), pick(LAST), strict=True)]
    if what == "phone":
        return [f"+2217{v}" for v in rng.integers(10**7, 10**8, rows)]
    if what == "gps":
        return [f"{a:.6f}" for a in rng.uniform(-15, 15, rows)]
    if what == "several":
        return [
            how.join(w for w, u in zip(WORDS[how], rng.random(7), strict=False) if u < 0.3)
            or NONE[how]
            for _ in range(rows)
        ]
    if what == "text":
        words = ["rappeler", "demain", "voir", "moto", "commerce", "famille", "sans", "famille"]
        return [" ".join(rng.permutation(words)[:4]) + f" {v}" for v in rng.integers(0, 99, rows)]
    assert what == "empty", kind
    return [None] * rows


WORDS = {
    ", ": ["Terres", "Animaux", "Arbres", "Bâtiments", "Véhicules", "Équipement"],
    "; ": ["Tierra", "Animales", "Árboles", "Edificios", "Vehículos", "Herramientas"],
    " ": ["land", "animals", "trees", "buildings", "vehicles", "equipment"],
}
NONE = {", ": "Aucun", "; ": "Ninguno", " ": "none"}


def togo() -> Office:
    """A French workbook, question texts as headers, numbered as on the form."""
    sat = ["Très satisfait(e)", "Satisfait(e)", "Ça va", "Insatisfait(e)", "Très insatisfait(e)"]
    often = ["Très souvent", "Souvent", "Parfois", "Rarement", "Jamais"]
    qual = ["Très bon", "Bon", "Moyen", "Mauvais", "Très mauvais", "Je ne sais pas"]
    yn = ["Oui", "Non"]
    yna = ["Oui", "Non", "Je ne souhaite pas répondre"]
    agree = [
        "Tout à fait d'accord",
        "D'accord",
        "Ni d'accord ni pas d'accord",
        "Pas d'accord",
        "Pas du tout d'accord",
    ]
    return Office(
        [
            ("N°", None, "int:1-400"),
            ("Nom de l'enquêteur", None, ["Koffi A.", "Ama S."]),
            ("Date de l'entretien", "survey_date", "interview"),
            ("Numéro de dossier", "case_number", "id:TG"),
            ("Nom et prénoms du bénéficiaire", "person_name", "name"),
            ("Contact téléphonique", "phone", "phone"),
            ("Sexe", "sex", ["Homme", "Femme"]),
            ("Date de naissance", None, "birth"),
            ("Âge", "age", "int:18-60"),
            ("Pays de transit", None, ["Libye", "Niger", "Algérie"]),
            ("Pays de provenance", "returned_from", ["Libye", "Niger", "Algérie"]),
            ("Date de départ du Togo", None, "other_date"),
            ("Date de retour au pays", "return_date", "return"),
            ("Date d'enregistrement OIM", None, "other_date"),
            ("Localité de retour", "location", ["Lomé", "Kara", "Sokodé"]),
            (
                "Q1. Dans quelle mesure êtes-vous satisfait(e) de votre situation économique "
                "actuelle ?",
                "q1",
                sat,
            ),
            (
                "Q2. Depuis votre retour, combien de fois avez-vous dû réduire la quantité ou la "
                "qualité de la nourriture que vous mangez à cause de son prix ?",
                "q2",
                often,
            ),
            ("Q3. Pouvez-vous emprunter de l'argent si vous en avez besoin ?", "q3", yna),
            ("Q4. Empruntez-vous de l'argent ? Si oui, à quelle fréquence ?", "q4", often),
            (
                "Q5. En moyenne, qu'est-ce qui est le plus élevé : vos dépenses mensuelles ou "
                "votre dette ?",
                "q5",
                [
                    *["Dépenses supérieures à la dette", "Dette supérieure aux dépenses"],
                    "Je n'ai pas de dette",
                ],
            ),
            (
                "Q6. Comment évaluez-vous votre accès aux opportunités (emploi et formation) ?",
                "q6",
                qual,
            ),
            ("Q7. Travaillez-vous actuellement ?", "q7", yn),
            ("Q8. Possédez-vous un des biens productifs suivants ?", "q8", "several:, "),
            ("Q8. Autre, précisez", None, "text"),
            ("Q9. Êtes-vous actuellement à la recherche d'un travail ?", "q9", yn),
            (
                "Q10. Pourquoi cherchez-vous un nouveau travail ?",
                "q10",
                ["Sans emploi", "Pour gagner plus", "Mauvaises conditions de travail"],
            ),
            ("Q11. Comment jugez-vous l'accès au logement dans votre communauté ?", "q11", qual),
            (
                "Q12. Comment jugez-vous la qualité du logement où vous vivez aujourd'hui ?",
                "q12",
                qual,
            ),
            ("Q13. Comment jugez-vous l'accès à l'éducation ?", "q13", qual),
            (
                "Q14. Tous les enfants d'âge scolaire de votre ménage vont-ils à l'école ?",
                "q14",
                ["Tous", "Certains", "Aucun", "Pas d'enfants d'âge scolaire"],
            ),
            ("Q15. Comment jugez-vous l'accès à la justice et à la police ?", "q15", qual),
            ("Q16. Avez-vous au moins une pièce d'identité ?", "q16", yn),
            ("Q17. Comment jugez-vous l'accès aux documents administratifs ?", "q17", qual),
            ("Q18. Comment jugez-vous l'accès à l'eau potable ?", "q18", qual),
            ("Q19. Comment jugez-vous l'accès aux soins de santé ?", "q19", qual),
            ("Q20. Quelle est la qualité des soins de santé disponibles ?", "q20", qual),
            (
                "Q21. À quelle fréquence êtes-vous invité ou participez-vous à des activités "
                "sociales (fêtes, mariages...) dans votre communauté ?",
                "q21",
                often,
            ),
            ("Q22. Que pensez-vous de votre réseau de soutien ?", "q22", qual),
            (
                "Q23. Sentez-vous que vous faites partie de la communauté où vous vivez ?",
                "q23",
                agree,
            ),
            (
                "Q24. Vous sentez-vous physiquement en sécurité, vous et votre famille, durant "
                "vos activités quotidiennes ?",
                "q24",
                qual,
            ),
            (
                "Q25. À quelle fréquence avez-vous eu des tensions ou conflits importants avec "
                "votre famille depuis votre retour ?",
                "q25",
                often,
            ),
            ("Q26. Vous êtes-vous senti(e) discriminé(e) depuis votre retour ?", "q26", often),
            (
                "Q27. Souffrez-vous souvent de : colère, tristesse, peur, stress, solitude, "
                "faible estime de soi, difficulté à se concentrer ?",
                "q27",
                often,
            ),
            (
                "Q28. Souhaiteriez-vous recevoir un soutien psychologique spécialisé ?",
                "q28",
                yn,
            ),
            ("Q29. Pensez-vous être capable de rester et vivre dans ce pays ?", "q29", yn),
            (
                "Q30. Qu'est-ce qui vous fait penser cela : un souhait ou un besoin de partir ?",
                "q30",
                ["Souhait de partir", "Besoin de partir"],
            ),
            ("A reçu une aide au logement", "assistance_housing", yn),
            ("Formation professionnelle reçue", "assistance_training", yn),
            ("Date de la formation professionnelle", "assistance_training_date", "other_date"),
            ("Microentreprise reçue", "assistance_microbusiness", yn),
            ("Observations", None, "text"),
        ],
        "TGO",
    )


def honduras() -> Office:
    """A Spanish CSV with section numbers."""
    sat = ["Muy satisfecho/a", "Satisfecho/a", "Más o menos", "Insatisfecho/a"]
    sat += ["Muy insatisfecho/a"]
    often = ["Muy a menudo", "A menudo", "De vez en cuando", "Rara vez", "Nunca"]
    qual = ["Muy bueno", "Bueno", "Regular", "Malo", "Muy malo", "Prefiero no responder"]
    qual_f = ["Muy buena", "Buena", "Regular", "Mala", "Muy mala"]
    yn = ["Sí", "No"]
    return Office(
        [
            ("No. de caso", "case_number", "id:HN-"),
            ("Nombre del encuestador", None, ["Lic. Ramos", "Lic. Paz"]),
            ("Fecha de la encuesta", "survey_date", "interview"),
            ("Nombre completo del retornado", "person_name", "name"),
            ("Teléfono celular", "phone", "phone"),
            ("Correo electrónico", None, "text"),
            ("DNI", None, "id:0801"),
            ("Dirección exacta", None, "text"),
            ("Sexo", "sex", ["Hombre", "Mujer"]),
            ("Edad", "age", "int:18-60"),
            ("Rango de edad", None, ["18-25", "26-35", "36+"]),
            ("País de nacimiento", None, ["Honduras", "Guatemala"]),
            ("Fecha de nacimiento", None, "birth"),
            ("Fecha de retorno", "return_date", "return"),
            ("Fecha de llegada a Estados Unidos", None, "other_date"),
            ("Personas a cargo", "dependants", "int:0-8"),
            ("1.1 ¿Qué tan satisfecho está con su situación económica actual?", "q1", sat),
            (
                "1.2 Desde que regresó, ¿con qué frecuencia ha tenido que reducir la cantidad o "
                "calidad de los alimentos que consume por su costo?",
                "q2",
                often,
            ),
            ("1.3 ¿Puede pedir dinero prestado si lo necesita?", "q3", yn),
            ("1.4 ¿Pide dinero prestado? ¿Con qué frecuencia?", "q4", often),
            (
                "1.5 En promedio, ¿qué es mayor: lo que gasta cada mes o su deuda?",
                "q5",
                ["Los gastos son mayores", "La deuda es mayor", "No tengo deudas"],
            ),
            (
                "1.6 ¿Cómo calificaría su acceso a oportunidades (empleo y formación)?",
                "q6",
                qual,
            ),
            ("1.7 ¿Trabaja actualmente?", "q7", yn),
            ("1.8 ¿Posee alguno de los siguientes activos productivos?", "q8", "several:; "),
            ("1.9 ¿Está buscando trabajo actualmente?", "q9", yn),
            (
                "1.10 ¿Por qué está buscando un nuevo trabajo?",
                "q10",
                ["Desempleado", "Para ganar más"],
            ),
            ("2.1 ¿Cómo calificaría su acceso a la vivienda en su comunidad?", "q11", qual),
            (
                "2.2 ¿Cómo calificaría la calidad de la vivienda en la que vive actualmente?",
                "q12",
                qual_f,
            ),
            ("2.3 ¿Cómo calificaría su acceso a la educación en su comunidad?", "q13", qual),
            (
                "2.4 ¿Asisten a la escuela todos los niños en edad escolar de su hogar?",
                "q14",
                ["Todos", "Algunos", "Ninguno", "No hay niños en edad escolar"],
            ),
            ("2.5 ¿Cómo calificaría el acceso a la justicia y a la policía?", "q15", qual),
            ("2.6 ¿Tiene al menos un documento de identidad?", "q16", yn),
            ("2.7 ¿Cómo calificaría su acceso a la documentación?", "q17", qual),
            ("2.8 ¿Cómo calificaría su acceso al agua potable?", "q18", qual),
            ("2.9 ¿Cómo calificaría su acceso a la atención médica?", "q19", qual),
            ("2.10 ¿Cuál es la calidad de la atención médica disponible?", "q20", qual_f),
            (
                "3.1 ¿Con qué frecuencia lo invitan o participa en actividades sociales en su "
                "comunidad?",
                "q21",
                often,
            ),
            ("3.2 ¿Cómo se siente con su red de apoyo?", "q22", qual_f),
            (
                "3.3 ¿Siente que es parte de la comunidad donde vive actualmente?",
                "q23",
                [
                    *["Totalmente de acuerdo", "De acuerdo", "Ni de acuerdo ni en desacuerdo"],
                    *["En desacuerdo", "Totalmente en desacuerdo"],
                ],
            ),
            (
                "3.4 ¿Qué tan seguro físicamente se siente usted y su familia durante las "
                "actividades diarias?",
                "q24",
                qual,
            ),
            (
                "3.5 ¿Con qué frecuencia ha tenido tensiones o conflictos con su familia desde "
                "que regresó?",
                "q25",
                often,
            ),
            ("3.6 ¿Se ha sentido discriminado/a desde su retorno?", "q26", often),
            (
                "3.7 ¿Sufre a menudo de enojo, tristeza, miedo, estrés, soledad, baja "
                "autoestima o dificultad para concentrarse?",
                "q27",
                often,
            ),
            ("3.8 ¿Desearía recibir apoyo psicológico especializado?", "q28", yn),
            ("3.9 ¿Siente que puede quedarse y vivir en este país?", "q29", yn),
            (
                "3.10 ¿Qué le hace sentir eso: un deseo o una necesidad de irse?",
                "q30",
                ["Deseo de irse", "Necesidad de irse"],
            ),
            ("Capacitación recibida", "assistance_training", yn),
            ("Apoyo psicosocial recibido", "assistance_counselling", yn),
            ("Vivienda propia", None, yn),
            ("Comentarios", None, "text"),
        ],
        "HND",
    )


def ethiopia() -> Office:
    """A Stata file: short names, English variable labels cut at 80 letters, labelled codes."""
    sat = {1: "Very satisfied", 2: "Satisfied", 3: "Ok", 4: "Dissatisfied"}
    sat |= {5: "Very dissatisfied", 98: "Refuse to answer"}
    often = {1: "Very often", 2: "Often", 3: "Sometimes", 4: "Rarely", 5: "Never"}
    qual = {5: "Very good", 4: "Good", 3: "Fair", 2: "Poor", 1: "Very poor", 99: "Don't know"}
    yn = {1: "Yes", 2: "No", 98: "Prefer not to say"}
    agree = {1: "Strongly agree", 2: "Agree", 3: "Neither agree nor disagree"}
    agree |= {4: "Disagree", 5: "Strongly disagree"}
    rows: list[tuple[str, str, str | None, dict[int, str] | str]] = [
        ("caseid", "MiMOSA case number", "case_number", "id:ET"),
        ("enum", "Enumerator code", None, "int:1-6"),
        ("intdate", "Interview date", "survey_date", "interview:%Y-%m-%d"),
        ("regdate", "Date of registration for AVRR", None, "other_date:%Y-%m-%d"),
        ("retdate", "Date of return to Ethiopia", "return_date", "return:%Y-%m-%d"),
        ("dob", "Date of birth", None, "birth:%Y-%m-%d"),
        ("sex", "Sex of returnee", "sex", {1: "Male", 2: "Female"}),
        ("agegrp", "Age group", None, {1: "18-25", 2: "26-35", 3: "36 and over"}),
        ("age", "Age of returnee (years)", "age", "int:18-60"),
        ("sexhh", "Sex of household head", None, {1: "Male", 2: "Female"}),
        ("mode", "Mode of interview", "mode", {1: "Face-to-face", 2: "Phone"}),
        ("ec_sat", "How satisfied are you with your current economic situation?", "q1", sat),
        (
            "ec_food",
            "Since you returned, how often have you had to reduce the quantity or quality of",
            "q2",
            often,
        ),
        ("ec_borr", "Are you able to borrow money if you need to?", "q3", yn),
        ("ec_borrfr", "Do you borrow money? How frequently?", "q4", often),
        (
            "ec_debt",
            "On average, which amount is bigger: your spending every month or your debt?",
            "q5",
            {1: "Spending is bigger", 2: "Debt is bigger", 3: "I don't have debt"},
        ),
        (
            "ec_opp",
            "How would you rate your access to opportunities (employment and training)?",
            "q6",
            qual,
        ),
        ("ec_work", "Do you currently work?", "q7", yn),
        ("ec_land", "Own productive assets: land", "q8.land", {0: "No", 1: "Yes"}),
        ("ec_anim", "Own productive assets: animals", "q8.animals", {0: "No", 1: "Yes"}),
        ("ec_tree", "Own productive assets: trees", "q8.trees", {0: "No", 1: "Yes"}),
        ("ec_bldg", "Own productive assets: buildings", "q8.buildings", {0: "No", 1: "Yes"}),
        ("ec_vehi", "Own productive assets: vehicles", "q8.vehicles", {0: "No", 1: "Yes"}),
        ("ec_equi", "Own productive assets: equipment", "q8.equipment", {0: "No", 1: "Yes"}),
        ("ec_look", "Are you currently looking for a job?", "q9", yn),
        (
            "ec_why",
            "Why are you looking for a new job?",
            "q10",
            {1: "I am unemployed", 2: "Unhappy with work conditions", 3: "Higher income"},
        ),
        ("so_hous", "How would you rate your access to housing in your community?", "q11", qual),
        (
            "so_hstd",
            "How would you rate the standard of housing you live in today?",
            "q12",
            qual,
        ),
        ("so_educ", "How would you rate your access to education in your community?", "q13", qual),
        (
            "so_chil",
            "Are all school-aged children in your household currently attending school?",
            "q14",
            {1: "Yes, all", 2: "Some of them", 3: "None", 4: "No school-aged children"},
        ),
        (
            "so_just",
            "How would you rate your access to justice and law enforcement in your community",
            "q15",
            qual,
        ),
        ("so_id", "Do you have at least one identification document?", "q16", yn),
        ("so_doc", "How would you rate your access to documentation in your communit", "q17", qual),
        (
            "so_wat",
            "How would you rate your access to safe drinking water in your comm",
            "q18",
            qual,
        ),
        ("so_hc", "How would you rate your access to health care in your community?", "q19", qual),
        ("so_hcq", "What is the quality of health care available to you?", "q20", qual),
        (
            "ps_act",
            "How often are you invited or do you participate in social activities (celebrati",
            "q21",
            often,
        ),
        ("ps_net", "How do you feel about your support network?", "q22", qual),
        (
            "ps_comm",
            "Do you feel you are part of the community where you currently live?",
            "q23",
            agree,
        ),
        (
            "ps_safe",
            "How physically safe do you feel for yourself and your family during everyday act",
            "q24",
            qual,
        ),
        (
            "ps_conf",
            "How frequently have you experienced important tensions or conflicts between you ",
            "q25",
            often,
        ),
        ("ps_disc", "Have you felt discriminated against since your return?", "q26", often),
        (
            "ps_dist",
            "Do you often suffer from any of the following: feeling angry, sad, afraid, stres",
            "q27",
            often,
        ),
        ("ps_help", "Would you wish to receive specialized psychological support?", "q28", yn),
        ("ps_stay", "Do you feel that you are able to stay and live in this country?", "q29", yn),
        (
            "ps_wish",
            "What is it that makes you feel that way: a wish or a need to leave?",
            "q30",
            {1: "A wish to leave", 2: "A need to leave"},
        ),
        ("as_train", "Received training assistance", "assistance_training", {0: "No", 1: "Yes"}),
        ("hh_train", "Any household member attended training", None, {0: "No", 1: "Yes"}),
    ]
    columns: list[Column] = []
    labels: dict[str, dict[int, str]] = {}
    for name, _, truth, kind in rows:
        if isinstance(kind, dict):
            labels[name] = kind
        columns.append((name, truth, [*map(str, kind)] if isinstance(kind, dict) else kind))
    return Office(columns, "ETH", [title for _, title, _, _ in rows], labels)


def iraq() -> Office:
    """An English form whose numbers are not those of the instrument, and typing errors."""
    sat = ["very satisfied", "satisfied", "OK", "dissatisfied", "very dissatisfied"]
    often = ["Very often", "Often", "Sometimes", "Rarely", "Never", "don't know"]
    qual = ["Very Good", "Good", "Fair", "Poor", "Very Poor"]
    yn = ["Yes", "No", "I don't wish to answer"]
    asked = [
        ("How satisfied are you with your curent economic situation", "q1", sat),
        (
            "Since you returned how often have you had to reduce the quantity or quality of food "
            "you eat because of it's cost",
            "q2",
            often,
        ),
        ("Are you able to borow money if you need to", "q3", yn),
        ("How often do you borrow money", "q4", often),
        (
            "On average, which amount is bigger, your spending every month or your debt",
            "q5",
            ["Spending is larger", "Debt is larger", "I don't have debt"],
        ),
        ("How would you rate your acess to opportunities (employment & training)", "q6", qual),
        ("Do you currently work", "q7", yn),
        ("Do you own any of the following productive assets", "q8", "several: "),
        ("Are you currenlty looking for a job", "q9", yn),
        ("Why are you looking for a new job", "q10", ["unemployed", "To earn more"]),
        ("How would you rate your access to housing in your comunity", "q11", qual),
        ("How would you rate the standard of housing you live in today", "q12", qual),
        ("How would you rate your access to education in your community", "q13", qual),
        (
            "Are all school-aged children in your household curently attending school",
            "q14",
            ["All", "Some", "None", "No school-aged children"],
        ),
        ("How would you rate your access to justice & law enforcement", "q15", qual),
        ("Do you have at least one identification document", "q16", yn),
        ("How would you rate your access to documentation", "q17", qual),
        ("How would you rate your access to safe drinking water", "q18", qual),
        ("How would you rate your access to health care", "q19", qual),
        ("What is the quality of health care available to you", "q20", qual),
        (
            "How often are you invited or do you participate in social activities within your "
            "community",
            "q21",
            often,
        ),
        ("How do you feel about your support network", "q22", qual),
        (
            "Do you feel you are part of the community where you currently live",
            "q23",
            ["I strongly agree", "I agree", "I don't agree or disagree", "I disagree"],
        ),
        (
            "How physically safe do you feel for yourself and your family during everyday "
            "activities outside",
            "q24",
            qual,
        ),
        (
            "How frequently have you experienced tensions or conflicts between you and your "
            "family since you returned",
            "q25",
            often,
        ),
        ("Have you felt discriminated against since your return", "q26", often),
        (
            "Do you often suffer from any of the following: angry, sad, afraid, stressed, lonely, "
            "low self-worth, difficulty concentrating",
            "q27",
            often,
        ),
        ("Would you wish to receive specialised psychological support", "q28", yn),
        ("Do you feel that you are able to stay and live in this country", "q29", yn),
        (
            "What is it that makes you feel that way: a wish or a need to leave",
            "q30",
            ["Wish to leave", "Need to leave"],
        ),
    ]
    front: list[Column] = [
        ("A1/ Enumerator name", None, ["Ali", "Sara"]),
        ("A2/ Date of interview", "survey_date", "interview:%m/%d/%Y"),
        ("A3/ Case number", "case_number", "id:IQ"),
        ("A4/ Governorate", None, ["Baghdad", "Erbil"]),
        ("A5/ Gender", "sex", ["Male", "Female"]),
        ("A6/ Gender of the enumerator", None, ["Male", "Female"]),
        ("A7/ Age", "age", "int:18-60"),
        ("A8/ Marital status", None, ["Single", "Married"]),
        ("A9/ Date of return", "return_date", "return:%m/%d/%Y"),
        ("A10/ Date of departure from Iraq", None, "other_date:%m/%d/%Y"),
        ("A11/ Country of return", "country", ["Iraq"]),
    ]
    return Office(
        front + [(f"B{n + 3}/ {text}?", name, kind) for n, (text, name, kind) in enumerate(asked)],
        "IRQ",
    )


def gambia() -> tuple[Office, dict[str, list[dict[str, str]]]]:
    """A Kobo export with XML values, and its XLSForm: names and numbers of the office's own."""
    lists = {
        "sat": ["Very satisfied", "Satisfied", "OK", "Dissatisfied", "Very dissatisfied"],
        "freq": ["Very often", "Often", "Sometimes", "Rarely", "Never"],
        "qual": ["Very good", "Good", "Fair", "Poor", "Very poor", "I don't know"],
        "yn": ["Yes", "No", "I don't wish to answer"],
        "sex": ["Male", "Female"],
        "debt": ["Spending is larger", "Debt is larger", "I don't have debt"],
        "why": ["Unemployed", "Unhappy with working conditions", "To earn more"],
        "kids": ["Yes, all", "Some of them", "None of them", "No school-aged children"],
        "agree": ["I strongly agree", "I agree", "I don't agree or disagree", "I disagree"],
        "leave": ["Wish to leave", "Need to leave"],
        "assets": ["Land", "Animals", "Trees", "Buildings", "Vehicles", "Equipment", "None"],
    }
    asked = [
        ("g_id/cn", "case_number", "text", "Case number", "id:GM"),
        ("g_id/enumerator", None, "text", "Name of the enumerator", "name"),
        ("g_id/today_d", "survey_date", "date", "Date of interview", "interview:%Y-%m-%d"),
        ("g_id/ret", "return_date", "date", "Date of return to The Gambia", "return:%Y-%m-%d"),
        ("g_id/bdate", None, "date", "Date of birth", "birth:%Y-%m-%d"),
        ("g_id/sx", "sex", "sex", "Sex", None),
        ("g_id/note_1", None, "note", "Now we talk about your economic situation", "empty"),
        *[
            (f"g_rss/{code}", name, kind, text, None)
            for code, name, kind, text in (
                ("e01", "q1", "sat", "How satisfied are you with your current economic situation?"),
                (
                    *("e02", "q2", "freq"),
                    "Since you returned, how often have you had to reduce the quantity or quality "
                    "of food you eat because of its cost?",
                ),
                ("e03", "q3", "yn", "Are you able to borrow money if you need to?"),
                ("e04", "q4", "freq", "Do you borrow money? How frequently?"),
                (
                    *("e05", "q5", "debt"),
                    "On average, which amount is bigger: your spending every month or your debt?",
                ),
                (
                    *("e06", "q6", "qual"),
                    "How would you rate your access to opportunities (employment and training)?",
                ),
                ("e07", "q7", "yn", "Do you currently work?"),
                ("e09", "q9", "yn", "Are you currently looking for a job?"),
                ("e10", "q10", "why", "Why are you looking for a new job?"),
                ("s01", "q11", "qual", "How would you rate your access to housing?"),
                ("s02", "q12", "qual", "How would you rate the standard of housing you live in?"),
                ("s03", "q13", "qual", "How would you rate your access to education?"),
                (
                    *("s04", "q14", "kids"),
                    "Are all school-aged children in your household currently attending school?",
                ),
                (
                    *("s05", "q15", "qual"),
                    "How would you rate your access to justice and law enforcement?",
                ),
                ("s06", "q16", "yn", "Do you have at least one identification document?"),
                ("s07", "q17", "qual", "How would you rate your access to documentation?"),
                ("s08", "q18", "qual", "How would you rate your access to safe drinking water?"),
                ("s09", "q19", "qual", "How would you rate your access to health care?"),
                ("s10", "q20", "qual", "What is the quality of health care available to you?"),
                (
                    *("p01", "q21", "freq"),
                    "How often are you invited or do you participate in social activities?",
                ),
                ("p02", "q22", "qual", "How do you feel about your support network?"),
                (
                    *("p03", "q23", "agree"),
                    "Do you feel you are part of the community where you currently live?",
                ),
                (
                    *("p04", "q24", "qual"),
                    "How physically safe do you feel for yourself and your family during everyday "
                    "activities outside?",
                ),
                (
                    *("p05", "q25", "freq"),
                    "How frequently have you experienced important tensions or conflicts between "
                    "you and your family since you returned?",
                ),
                ("p06", "q26", "freq", "Have you felt discriminated against since your return?"),
                (
                    *("p07", "q27", "freq"),
                    "Do you often suffer from any of the following: feeling angry, sad, afraid, "
                    "stressed, lonely, low self-worth, difficulty concentrating?",
                ),
                (
                    *("p08", "q28", "yn"),
                    "Would you wish to receive specialized psychological support?",
                ),
                (
                    *("p09", "q29", "yn"),
                    "Do you feel that you are able to stay and live in this country?",
                ),
                (
                    *("p10", "q30", "leave"),
                    "What is it that makes you feel that way: a wish or a need to leave?",
                ),
            )
        ],
        ("_geolocation", None, "", "", "gps"),
        ("_submission_time", None, "", "", "moment"),
    ]
    columns: list[Column] = [
        ("start", "interview_start", "moment"),
        ("end", "interview_end", "moment"),
    ]
    survey = [{"type": "start", "name": "start"}, {"type": "end", "name": "end"}]
    group = ""
    for path, truth, kind, text, cells in asked:
        numbers = [str(n + 1) for n in range(len(lists.get(kind, ())))]
        columns.append((path, truth, cells or numbers))
        if not text:
            continue
        parent, _, name = path.rpartition("/")
        if parent != group:
            survey += [{"type": "end_group"}] if group else []
            survey.append({"type": "begin_group", "name": parent, "label::English (en)": parent})
            group = parent
        shown = f"select_one {kind}" if kind in lists else kind
        survey.append({"type": shown, "name": name, "label::English (en)": text})
    survey.append({"type": "end_group"})
    assets = [str(n + 1) for n in range(7)]
    columns.append(("g_rss/e08", "q8", [" ".join(assets[:2]), "3", "7", "1 6"]))
    survey.append(
        {
            "type": "select_multiple assets",
            "name": "e08",
            "label::English (en)": "Do you own any of the following productive assets?",
        }
    )
    choices = [
        {"list_name": name, "name": str(n + 1), "label::English (en)": label}
        for name, labels in lists.items()
        for n, label in enumerate(labels)
    ]
    return Office(columns, "GMB"), {"survey": survey, "choices": choices}


def household() -> Office:
    """Another organisation's export: hundreds of columns, none of them of this instrument."""
    yn = ["Yes", "No"]
    qual = ["Very good", "Good", "Fair", "Poor", "Very poor"]
    often = ["Never", "Rarely", "Sometimes", "Often", "Very often"]
    sat = ["Very satisfied", "Satisfied", "Neutral", "Dissatisfied", "Very dissatisfied"]
    columns: list[Column] = [
        ("start", "interview_start", "moment"),
        ("end", "interview_end", "moment"),
        ("deviceid", None, "uuid"),
        ("Enumerator ID", None, "int:1-9"),
        ("Enumerator gender", None, ["Male", "Female"]),
        ("Governorate", None, ["North", "South"]),
        ("GPS latitude", None, "gps"),
        ("GPS longitude", None, "gps"),
        ("Household/Head of household name", None, "name"),
        ("Household/Head of household sex", None, ["Male", "Female"]),
        ("Household/Age of the head of household", None, "int:18-90"),
        ("Household/Head of household phone number", None, "phone"),
        ("Household/Date of arrival in the camp", None, "other_date"),
        ("Household/Date of displacement", None, "other_date"),
        ("Household/Country of origin", None, ["Syria", "Iraq"]),
        ("Household/Country of asylum", None, ["Jordan"]),
        ("Household/Do you intend to return to your country of origin?", None, yn),
        ("Household/When do you plan to return?", None, "other_date"),
        ("Household/Number of children under 5", None, "int:0-5"),
        ("Household/Number of household members", None, "int:1-12"),
        ("WASH/How would you rate the quality of the drinking water?", None, qual),
        ("WASH/How often is safe drinking water available?", None, often),
        ("WASH/Are you satisfied with the access to latrines?", None, sat),
        ("WASH/Do you treat your drinking water?", None, yn),
        ("Shelter/What is the state of the housing you live in?", None, qual),
        ("Shelter/How would you rate the shelter of your neighbours?", None, qual),
        ("Shelter/Do you own the housing you live in?", None, yn),
        ("Shelter/Housing", None, ["Owned", "Rented"]),
        ("Shelter/Do you have access to housing loans?", None, yn),
        ("Health/How satisfied are you with the health care for your children?", None, sat),
        ("Health/How often did you need health care in the last 3 months?", None, often),
        ("Health/How would you rate the health of your children?", None, qual),
        ("Health/Distance to health care (minutes)", None, "int:5-120"),
        ("Health/How do you rate the health facility staff?", None, qual),
        ("Health/Medical", None, yn),
        ("Education/How would you rate the quality of education?", None, qual),
        ("Education/Do girls have access to education?", None, yn),
        ("Education/Are any school-aged children out of school?", None, yn),
        ("Education/Reason for children not attending school", None, ["Work", "Cost"]),
        ("Livelihoods/Does anyone in the household currently work?", None, yn),
        ("Livelihoods/How often do you lend money?", None, often),
        ("Livelihoods/Would you be able to lend money to a relative?", None, yn),
        ("Livelihoods/Who do you borrow money from?", None, ["Family", "Bank"]),
        ("Livelihoods/How satisfied are you with your income?", None, sat),
        ("Livelihoods/How satisfied were you with your economic situation before?", None, sat),
        ("Livelihoods/Why are you not looking for a job?", None, ["Sick", "Study"]),
        ("Livelihoods/Household debt", None, ["None", "Small", "Large"]),
        ("Livelihoods/Monthly spending on food", None, "int:10-500"),
        ("Livelihoods/Does your spouse own productive assets?", None, yn),
        ("Livelihoods/Training needs", None, ["Tailoring", "Welding"]),
        ("Assistance/Did you receive cash in the last 30 days?", None, yn),
        ("Assistance/Would you prefer cash or in-kind?", None, ["Cash", "In-kind"]),
        ("Protection/How safe do you feel in the camp at night?", None, qual),
        (
            "Protection/How often are there tensions between host community and refugees?",
            None,
            often,
        ),
        ("Protection/Have your children felt discriminated against at school?", None, often),
        ("Protection/Do you know how to access justice?", None, yn),
        ("Protection/Do your children have a birth certificate?", None, yn),
        ("Protection/Do you feel part of the camp community?", None, yn),
        ("Protection/Do you need psychological support for your children?", None, yn),
        ("Protection/How often do your children participate in social activities?", None, often),
        ("Protection/Is there a need to leave the camp?", None, yn),
        ("Protection/Do you feel able to return?", None, yn),
        ("rCSI/Reduce number of meals eaten in a day", None, "int:0-7"),
        ("rCSI/Borrow food or rely on help from a friend", None, "int:0-7"),
        ("rCSI/Rely on less preferred and less expensive food", None, "int:0-7"),
        *[(f"Roster/Member {n}/Age", None, "int:0-80") for n in range(1, 9)],
        *[(f"Roster/Member {n}/Sex", None, ["Male", "Female"]) for n in range(1, 9)],
        *[(f"FCS/Days of food group {n} eaten", None, "int:0-7") for n in range(1, 10)],
        *[(f"Expenditure/Amount spent on item {n}", None, "int:0-300") for n in range(1, 140)],
        *[(f"Needs/Priority need {n}/Other, specify", None, "text") for n in range(1, 40)],
        ("_submission_time", None, "moment"),
        ("_uuid", "submission_id", "uuid"),
    ]
    return Office(columns, "JOR")


def other_questions() -> Office:
    """Thirty questions called q1 to q30 that are another instrument's."""
    kinds: list[list[str]] = [
        ["Agree", "Neutral", "Disagree"],
        ["Yes", "No"],
        ["Very good", "Good", "Fair", "Poor", "Very poor"],
        ["Never", "Rarely", "Sometimes", "Often", "Very often"],
    ]
    columns: list[Column] = [
        ("case_number", "case_number", "id:X"),
        ("survey_date", "survey_date", "interview:%Y-%m-%d"),
        ("return_date", "return_date", "return:%Y-%m-%d"),
    ]
    columns += [(f"q{n}", None, kinds[n % 4]) for n in range(1, 31)]
    return Office(columns, "SEN")


def _scales() -> dict[int, list[str]]:
    sat = ["very_satisfied", "satisfied", "ok", "dissatisfied", "very_dissatisfied"]
    often = ["never", "rarely", "sometimes", "often", "very_often"]
    qual = ["very_good", "good", "fair", "poor", "very_poor"]
    agree = ["strongly_agree", "agree", "neutral", "disagree", "strongly_disagree"]
    own = {
        1: sat,
        5: ["no_debt", "spending_larger", "debt_larger"],
        8: ["land", "animals trees", "none"],
        10: ["more_income", "unemployed"],
        14: ["all", "some", "none", "no_children"],
        23: agree,
        30: ["wish", "need"],
    }
    own |= {n: ["yes", "no"] for n in (3, 7, 9, 16, 28, 29)}
    own |= {n: often for n in (2, 4, 21, 25, 26, 27)}  # noqa: C420
    return {n: own.get(n, qual) for n in range(1, 31)}


def shifted() -> Office:
    """The instrument's questions, numbered one too high from the seventh on."""
    scales = _scales()
    columns: list[Column] = [
        ("case_number", "case_number", "id:X"),
        ("survey_date", "survey_date", "interview:%Y-%m-%d"),
        ("return_date", "return_date", "return:%Y-%m-%d"),
    ]
    columns += [(f"q{n}", f"q{n}", scales[n]) for n in range(1, 7)]
    columns += [("q7", None, ["yes", "no"])]
    columns += [(f"q{n + 1}", f"q{n}", scales[n]) for n in range(7, 31)]
    return Office(columns, "SEN")


def bare_numbers(reverse: bool = False) -> Office:
    """The instrument's numbers and unlabelled codes; in some files the worst answer is 1."""
    columns: list[Column] = [
        ("case_number", "case_number", "id:X"),
        ("survey_date", "survey_date", "interview:%Y-%m-%d"),
        ("return_date", "return_date", "return:%Y-%m-%d"),
    ]
    for n, answers in _scales().items():
        codes = ["0", "1"] if answers == ["yes", "no"] else [*map(str, range(1, len(answers) + 1))]
        columns.append((f"q{n}", f"q{n}", codes[::-1] if reverse else codes))
    return Office(columns, "SEN")


def guinea() -> Office:
    """A French form in short column names, keyed by hand, with half the answers abbreviated."""
    qual = ["très bon", "bon", "moyen", "mauvais", "très mauvais", "NSP"]
    often = ["jamais", "rarement", "parfois", "souvent", "très souvent"]
    return Office(
        [
            ("ID", None, "int:1-300"),
            ("Code bénéficiaire", "case_number", "id:GN"),
            ("Date enquête", "survey_date", "interview"),
            ("Date retour", "return_date", "return"),
            ("Genre", "sex", ["H", "F"]),
            ("Age", "age", "int:16-60"),
            ("Age_enqueteur", None, "int:25-50"),
            ("Nb personnes à charge", "dependants", "int:0-9"),
            ("Logement (accès)", "q11", qual),
            ("Logement (qualité)", "q12", qual),
            ("Accès éducation", "q13", qual),
            ("Accès justice", "q15", qual),
            ("Accès eau potable", "q18", qual),
            ("Accès santé", "q19", qual),
            ("Qualité santé", "q20", qual),
            ("Réseau soutien", "q22", qual),
            ("Participation activités sociales", "q21", often),
            ("Discrimination depuis retour", "q26", often),
            ("Travaille actuellement", "q7", ["oui", "non"]),
            ("Cherche emploi", "q9", ["oui", "non"]),
            ("Emprunt possible", "q3", ["oui", "non"]),
            ("Fréquence emprunt", "q4", often),
            ("Pièce d'identité", "q16", ["oui", "non"]),
            ("Soutien psychologique souhaité", "q28", ["oui", "non"]),
            ("Formation", None, ["oui", "non"]),
            ("Remarques enquêteur", None, "text"),
        ],
        "GIN",
    )


def mali() -> Office:
    """A Kobo export with French labels in groups."""
    sat = ["Très satisfait", "Satisfait", "Moyennement satisfait", "Insatisfait"]
    often = ["Jamais", "Rarement", "De temps en temps", "Souvent", "Très souvent"]
    qual = ["Très bonne", "Bonne", "Moyenne", "Mauvaise", "Très mauvaise", "Ne sait pas"]
    yn = ["Oui", "Non", "Ne souhaite pas répondre"]
    agree = ["Tout à fait d'accord", "D'accord", "Neutre", "Pas d'accord", "Pas du tout d'accord"]
    eco, soc, psy = "Dimension économique", "Dimension sociale", "Dimension psychosociale"
    return Office(
        [
            ("start", "interview_start", "moment"),
            ("end", "interview_end", "moment"),
            ("Identification/Code de l'enquêteur", None, "int:1-9"),
            ("Identification/Numéro de cas MiMOSA", "case_number", "id:ML"),
            ("Identification/Date de l'enquête", "survey_date", "interview:%Y-%m-%d"),
            ("Identification/Date d'arrivée au Mali", "return_date", "return:%Y-%m-%d"),
            ("Identification/Sexe de l'enquêté(e)", "sex", ["Masculin", "Féminin"]),
            ("Identification/Âge (en années révolues)", "age", "int:18-60"),
            ("Identification/Région d'origine", None, ["Kayes", "Ségou"]),
            ("Identification/Cercle de retour", "location", ["Bamako", "Kita", "Yélimané"]),
            ("Identification/Situation matrimoniale", None, ["Marié", "Célibataire"]),
            (f"{eco}/Quel est votre niveau de satisfaction par rapport à votre situation "
             "économique actuelle ?", "q1", sat),
            (f"{eco}/À quelle fréquence avez-vous dû réduire la quantité ou la qualité de votre "
             "alimentation en raison du coût depuis votre retour ?", "q2", often),
            (f"{eco}/Êtes-vous capable d'emprunter de l'argent si vous en avez besoin ?", "q3", yn),
            (f"{eco}/Vous arrive-t-il d'emprunter de l'argent ? À quelle fréquence ?", "q4", often),
            (f"{eco}/Comment évaluez-vous vos opportunités d'emploi et de formation ?", "q6", qual),
            (f"{eco}/Avez-vous un travail actuellement ?", "q7", yn),
            (f"{eco}/Avez-vous un compte bancaire ?", None, yn),
            (f"{eco}/Recherchez-vous un emploi en ce moment ?", "q9", yn),
            (f"{soc}/Comment évaluez-vous votre accès au logement ?", "q11", qual),
            (f"{soc}/Comment évaluez-vous le standard de votre logement ?", "q12", qual),
            (f"{soc}/Comment évaluez-vous votre accès à l'éducation ?", "q13", qual),
            (f"{soc}/Comment évaluez-vous votre accès à la justice ?", "q15", qual),
            (f"{soc}/Possédez-vous au moins un document d'identification ?", "q16", yn),
            (f"{soc}/Comment évaluez-vous votre accès à la documentation ?", "q17", qual),
            (f"{soc}/Comment évaluez-vous votre accès à l'eau potable ?", "q18", qual),
            (f"{soc}/Comment évaluez-vous votre accès à l'assainissement ?", None, qual),
            (f"{soc}/Comment évaluez-vous votre accès aux services de santé ?", "q19", qual),
            (f"{soc}/Comment évaluez-vous la qualité des services de santé ?", "q20", qual),
            (f"{psy}/À quelle fréquence participez-vous aux activités sociales de votre "
             "communauté ?", "q21", often),
            (f"{psy}/Comment jugez-vous votre réseau de soutien ?", "q22", qual),
            (f"{psy}/Vous sentez-vous membre de votre communauté ?", "q23", agree),
            (f"{psy}/Comment évaluez-vous votre sécurité physique ?", "q24", qual),
            (f"{psy}/Avez-vous connu des tensions ou conflits avec votre famille ?", "q25", often),
            (f"{psy}/Avez-vous connu des tensions avec vos voisins ?", None, often),
            (f"{psy}/Vous sentez-vous discriminé depuis votre retour ?", "q26", often),
            (f"{psy}/Souhaitez-vous un soutien psychologique ?", "q28", yn),
            (f"{psy}/Souhaitez-vous un soutien juridique ?", None, yn),
            (f"{psy}/Vous sentez-vous capable de rester au Mali ?", "q29", yn),
            ("_uuid", "submission_id", "uuid"),
        ],
        "MLI",
    )  # fmt: skip


def nigeria() -> Office:
    """An English workbook in an office's own words; the matcher was not changed after it."""
    sat = ["Very satisfied", "Satisfied", "OK", "Dissatisfied", "Very dissatisfied"]
    often = ["Very often", "Often", "Sometimes", "Rarely", "Never"]
    qual = ["Very good", "Good", "Fair", "Poor", "Very poor", "I don't know"]
    yn = ["Yes", "No"]
    return Office(
        [
            ("S/N", None, "int:1-900"),
            ("State", None, ["Edo", "Lagos", "Delta"]),
            ("LGA", None, ["Oredo", "Ikeja"]),
            ("Case No", "case_number", "id:NG"),
            ("Surname", "person_name", "name"),
            ("Phone no.", "phone", "phone"),
            ("Gender (M/F)", "sex", ["M", "F"]),
            ("Age as at last birthday", "age", "int:18-60"),
            ("Date interviewed", "survey_date", "interview:%d-%m-%Y"),
            ("Return date to Nigeria", "return_date", "return:%d-%m-%Y"),
            ("Name of interviewing officer", None, "name"),
            ("No. of dependents", "dependants", "int:0-9"),
            ("Satisfied with economic situation?", "q1", sat),
            ("Had to cut down on food because of cost?", "q2", often),
            ("Able to borrow?", "q3", yn),
            ("Frequency of borrowing", "q4", often),
            ("Access to employment & training opportunities", "q6", qual),
            ("Working now?", "q7", yn),
            ("Looking for a job?", "q9", yn),
            ("Access to housing", "q11", qual),
            ("Standard of housing", "q12", qual),
            ("Access to education", "q13", qual),
            ("Access to justice / law enforcement", "q15", qual),
            ("Has an ID document?", "q16", yn),
            ("Access to documentation", "q17", qual),
            ("Access to safe water", "q18", qual),
            ("Access to electricity", None, qual),
            ("Access to healthcare", "q19", qual),
            ("Quality of healthcare", "q20", qual),
            ("Participates in social activities", "q21", often),
            ("Support network", "q22", qual),
            ("Feels physically safe", "q24", qual),
            ("Family tension / conflict", "q25", often),
            ("Feels discriminated", "q26", often),
            ("Signs of distress (anger, sadness, fear)", "q27", often),
            ("Wants psychosocial support", "q28", yn),
            ("Wants medical support", None, yn),
            ("Able to stay in Nigeria?", "q29", yn),
            ("Microbusiness support received", "assistance_microbusiness", yn),
            ("Business type", None, ["Retail", "Farming"]),
        ],
        "NGA",
    )


def changed_form() -> Office:
    """The instrument's numbers, places and answers, and some of its questions replaced."""
    own = iraq()
    replaced = {
        "q3": "Are you able to save money if you need to",
        "q7": "Do you currently study",
        "q13": "How would you rate your access to markets in your community",
        "q15": "How would you rate your access to public transport in your community",
        "q19": "How would you rate your access to mental health care in your community",
        "q21": "How often do you take part in political activities within your community",
        "q25": "How frequently have you experienced tensions with neighbours since you returned",
        "q26": "Have you felt discriminated against during your migration",
        "q28": "Would you wish to receive specialised legal support",
    }
    columns: list[Column] = [
        (f"Q{name[1:]}. {replaced.get(name, text.split('/ ')[1])}", None, kind)
        if name in replaced
        else (f"Q{name[1:]}. {text.split('/ ')[1]}" if text[0] == "B" else text, name, kind)
        for text, name, kind in own.columns
    ]
    return Office(columns, "IRQ")


def monitoring() -> Office:
    """Post-return monitoring of another organisation: close to the instrument, and not it."""
    yn = ["Yes", "No"]
    qual = ["Very good", "Good", "Fair", "Poor", "Very poor"]
    often = ["Never", "Rarely", "Sometimes", "Often", "Very often"]
    sat = ["Very satisfied", "Satisfied", "OK", "Dissatisfied", "Very dissatisfied"]
    agree = ["Strongly agree", "Agree", "Neutral", "Disagree", "Strongly disagree"]
    return Office(
        [
            ("Beneficiary ID", "case_number", "id:PR"),
            ("Date of monitoring visit", None, "interview:%Y-%m-%d"),
            ("Date of first contact", None, "other_date:%Y-%m-%d"),
            ("Date of arrival in Europe", None, "other_date:%Y-%m-%d"),
            ("Date of return flight booking", None, "other_date:%Y-%m-%d"),
            ("Gender of household head", None, ["Male", "Female"]),
            ("Age of eldest child", None, "int:0-30"),
            ("Country of last residence", None, ["Germany", "Niger"]),
            ("1. How satisfied are you with the reintegration assistance?", None, sat),
            ("2. How satisfied are you with your business?", None, sat),
            ("3. How often do you run out of food?", None, often),
            ("4. Can you lend money to others?", None, yn),
            ("5. Do you save money? How frequently?", None, often),
            ("6. How would you rate your access to inputs and markets?", None, qual),
            ("7. Does your business currently work?", None, yn),
            ("8. Are you currently looking for funding?", None, yn),
            ("9. How would you rate the location of your housing?", None, qual),
            ("10. How would you rate your access to land?", None, qual),
            ("11. How would you rate the quality of schools?", None, qual),
            ("12. Is your business registered with at least one document?", None, yn),
            ("13. How would you rate the quality of the drinking water?", None, qual),
            ("14. How would you rate the cost of health care?", None, qual),
            ("15. What is the quality of the training available to you?", None, qual),
            ("16. How often are you invited to meetings of the programme?", None, often),
            ("17. How do you feel about your case worker's support?", None, qual),
            ("18. I feel part of the programme", None, agree),
            ("19. How safe is your business during the night?", None, qual),
            ("20. How frequently do you have conflicts with your business partner?", None, often),
            ("21. Have you felt stigmatised by officials since your return?", None, often),
            ("22. Did you receive specialised psychological support?", None, yn),
            ("23. Do you feel able to continue your business in this country?", None, yn),
            ("24. Do you wish to leave the programme?", None, yn),
            ("Training completed", None, yn),
            ("Cash instalments", None, "int:1-4"),
            ("Housing damaged", None, yn),
        ],
        "GHA",
    )


OFFICES: dict[str, Callable[[], Office]] = {
    "togo": togo,
    "honduras": honduras,
    "ethiopia": ethiopia,
    "iraq": iraq,
    "gambia": lambda: gambia()[0],
    "guinea": guinea,
    "mali": mali,
    "nigeria": nigeria,
    "changed_form": changed_form,
    "monitoring": monitoring,
    "household": household,
    "other_questions": other_questions,
    "shifted": shifted,
    "bare_numbers": bare_numbers,
    "bare_numbers_reversed": lambda: bare_numbers(reverse=True),
}
