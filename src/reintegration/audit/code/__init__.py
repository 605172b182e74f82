"""The R and Stata code of a specification, from raw columns, for anybody who wants to check."""
