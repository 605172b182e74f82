"""Which columns identify a person: they are dropped, and nothing of them is shown."""

import re
from collections.abc import Sequence

from reintegration.ingest.propose.values import Values, share_of_emails
from reintegration.ingest.propose.words import tokens, word_set

# What identifies -> words of a column that holds it, in English, French and Spanish. Words joined
# by + must all be there.
_SIGNS = {
    "a name": "name surname lastname firstname fullname nom noms prenom prenoms nombre nombres "
    "apellido apellidos nickname alias pseudonyme signature firma",
    "a phone number": "phone telephone tel mobile cellphone whatsapp portable telefono celular "
    "movil gsm contact contacto",
    "an e-mail address": "email mail courriel correo",
    "an address": "address adresse direccion domicilio street rue calle quartier barrio landmark",
    "a place on the map": "gps latitude longitude lat lon lng geolocation geopoint coordinates "
    "coordonnees coordenadas altitude",
    "a number of identity": "passport passeport pasaporte nin dni cni curp cedula nif biometric "
    "id+card id+number national+id identity+number numero+identite piece+numero",
    "a day of birth": "dob birth+date date+naissance fecha+nacimiento",
    "a device": "deviceid imei simserial subscriberid phonenumber username",
    "a picture or a recording": "photo picture image selfie audio recording foto",
}
_SETS = {
    what: [frozenset(words.split("+")) for words in line.split()] for what, line in _SIGNS.items()
}
# A column with such a word is a question about a thing, and no thing itself.
_NOT_THE_THING = word_set(
    "mode type how often frequency have has own do you access language business project group "
    "interview entretien entrevista"
)
# "Nombre" is a name in Spanish and a number in French ("nombre d'enfants").
_NUMBER_OF = re.compile(
    r"\bnombre (?:de|d|des|total)\b(?! (?:la|el|los|las|madre|padre|contacto)\b)"
)
EMAILS = 0.5  # share of e-mail addresses from which on a column is one of them


def identifies(texts: Sequence[str], values: Values) -> str | None:
    """What a column tells about a person's identity, or None."""
    if share_of_emails(values) >= EMAILS:
        return "an e-mail address"
    for text in texts:
        words = set(_NUMBER_OF.sub(" ", " ".join(tokens(text))).split())
        for what, signs in _SETS.items():
            if any(sign <= words for sign in signs):
                strict = what in ("a name", "a phone number", "a number of identity")
                if strict and words & _NOT_THE_THING and len(words) > 3:
                    continue
                return what
    return None
