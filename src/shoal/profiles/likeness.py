"""What makes two faces alike, in SQL: normal forms, blocks of candidates, conditions and their reasons."""

from __future__ import annotations

REASONS = {
    "same_email": "one e-mail address, but perhaps for dots, a +tag or a misspelt domain",
    "email_typo": "e-mail addresses that differ by one typing error",
    "email_domain": "the same name before the @ at another domain",
    "same_phone": "the same phone number",
    "phone_typo": "phone numbers that differ by one digit",
    "same_name": "the same name",
    "similar_name": "similar names",
    "one_name": "the first or the last name in common",
    "same_address": "the same postal address",
    "similar_address": "similar postal addresses",
    "same_birthday": "the same birthday",
    "similar_birthday": "birthdays that differ by one typing error",
}
"""Reasons of a proposal, in words."""

DOMAIN_TYPOS = {
    "gmail.com": "gmial.com gmai.com gmal.com gamil.com gnail.com gmaill.com gmail.co gmail.con gmail.cm gmail.om "
    "googlemail.com",
    "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmil.com hotmail.co hotmail.con hotmail.cm",
    "yahoo.com": "yaho.com yahooo.com yhoo.com yahho.com yahoo.co yahoo.con yahoo.cm",
    "outlook.com": "outlok.com outloook.com outlool.com outlook.co outlook.con",
    "icloud.com": "iclould.com icoud.com icloud.co icloud.con",
    "aol.com": "aol.co aol.con",
}
"""Domains that nobody means, by the one that they mean. googlemail.com is another name of gmail.com
(https://support.google.com/mail/answer/10313)."""

_TYPOS = ", ".join(f"('{typed}', '{meant}')" for meant, typos in DOMAIN_TYPOS.items() for typed in typos.split())


def _plain(column: str) -> str:
    """Lower case, no accents, single spaces; NULL where nothing is left."""
    return f"nullif(trim(regexp_replace(strip_accents(lower({column})), '[^a-z0-9]+', ' ', 'g')), '')"


PREPARE = f"""
CREATE TABLE people AS
WITH typos(typed, meant) AS (VALUES {_TYPOS}),
normal AS (
    SELECT row_number() OVER (ORDER BY subscriber, email, phone)::BIGINT AS face, subscriber, email,
           {_plain("first_name")} AS first_name, {_plain("last_name")} AS last_name, {_plain("street")} AS street,
           {_plain("city")} AS city, {_plain("postcode")} AS postcode,
           nullif(regexp_replace(birthday, '[^0-9]', '', 'g')[:8], '') AS birthday,
           nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') AS phone,
           lower(split_part(email, '@', 1)) AS written, lower(split_part(email, '@', 2)) AS written_domain
    FROM faces
),
addressed AS (
    SELECT * EXCLUDE (written, written_domain), coalesce(meant, written_domain) AS domain,
           CASE WHEN coalesce(meant, written_domain) = 'gmail.com' THEN replace(split_part(written, '+', 1), '.', '')
                ELSE split_part(written, '+', 1) END AS local
    FROM normal LEFT JOIN typos ON typed = written_domain
)
SELECT *, local || '@' || domain AS email_plain, regexp_replace(local, '[0-9]', '', 'g') AS letters,
       local || '@' || domain AS by_email,
       CASE WHEN length(local) >= 7 THEN local END AS by_local,
       CASE WHEN length(local) >= 6 THEN array_to_string(list_sort(string_split(local, '')), '') || '@' || domain END
           AS by_letters,
       phone AS by_phone,
       least(first_name, last_name) || '|' || greatest(first_name, last_name) AS by_names,
       last_name || '|' || postcode AS by_last_postcode,
       first_name || '|' || postcode AS by_first_postcode,
       last_name || '|' || birthday AS by_last_birthday,
       first_name || '|' || birthday AS by_first_birthday,
       birthday || '|' || postcode AS by_birthday_postcode,
       street || '|' || coalesce(postcode, city) AS by_address
FROM addressed
"""

NEAR = """
CREATE TABLE shortened AS
SELECT DISTINCT hash(local[:place - 1] || local[place + 1:] || '@' || domain) AS code, face
FROM (SELECT face, local, domain, unnest(range(1, length(local) + 2)) AS place FROM people WHERE length(local) >= 6);
CREATE TABLE near AS
SELECT DISTINCT least(one.face, other.face) AS one, greatest(one.face, other.face) AS other
FROM (SELECT code FROM shortened GROUP BY code HAVING count(*) BETWEEN 2 AND 8)
JOIN shortened AS one USING (code) JOIN shortened AS other USING (code)
WHERE one.face < other.face;
DROP TABLE shortened;
CREATE TABLE near_of AS
SELECT face, list(pair) AS by_typos
FROM (SELECT unnest([one, other]) AS face, one * (SELECT max(face) + 1 FROM people) + other AS pair
      FROM near JOIN people AS l ON l.face = one JOIN people AS r ON r.face = other
      WHERE l.letters <> r.letters AND damerau_levenshtein(l.local, r.local) = 1)
GROUP BY face;
CREATE TABLE faces_to_match AS SELECT people.*, by_typos FROM people LEFT JOIN near_of USING (face)
"""
"""Addresses one typing error apart, found without comparing all with all: with one sign left out they have a text
in common. Source of the method: Bocek, Hunt and Stiller, "Fast Similarity Search in Large Dictionaries" (2007)."""

BLOCKS = (
    "by_email", "by_local", "by_letters", "by_phone", "by_names", "by_last_postcode", "by_first_postcode",
    "by_last_birthday", "by_first_birthday", "by_birthday_postcode", "by_address",
)  # fmt: skip
"""Columns of `people`: two faces are compared when they agree on one of them."""


def _typo(column: str, at_least: int) -> str:
    """One wrong, missing, added or swapped sign in texts long enough for it to mean something."""
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"length({left}) >= {at_least} AND length({right}) >= {at_least} AND damerau_levenshtein({left}, {right}) = 1"
    )


def _similar(column: str) -> str:
    left, right = f"{column}_l", f"{column}_r"
    return f"(jaro_winkler_similarity({left}, {right}) >= 0.88 OR ({_typo(column, 3)}))"


CONDITIONS = {
    "same_email": "email_plain_l = email_plain_r",
    "email_typo": f"domain_l = domain_r AND letters_l <> letters_r AND {_typo('local', 6)}",
    "email_domain": "local_l = local_r AND length(local_l) >= 6",
    "same_phone": "phone_l = phone_r",
    "phone_typo": _typo("phone", 8),
    "same_first_name": "first_name_l = first_name_r",
    "similar_first_name": _similar("first_name"),
    "household": "last_name_l = last_name_r AND street_l = street_r AND (birthday_l = birthday_r) IS NOT TRUE",
    "same_last_name": "last_name_l = last_name_r",
    "similar_last_name": _similar("last_name"),
    "swapped_names": "first_name_l = last_name_r AND last_name_l = first_name_r",
    "same_address": "street_l = street_r AND coalesce(postcode_l = postcode_r, city_l = city_r)",
    "similar_address": "jaro_winkler_similarity(street_l, street_r) >= 0.85 "
    f"AND (coalesce(postcode_l = postcode_r, city_l = city_r) OR {_typo('postcode', 4)} OR city_l = city_r)",
    "same_postcode": "postcode_l = postcode_r",
    "same_city": "city_l = city_r",
    "same_birthday": "birthday_l = birthday_r",
    "similar_birthday": _typo("birthday", 6),
}
"""SQL conditions on the faces `_l` and `_r`."""

_ALIKE = {
    "same_email": CONDITIONS["same_email"],
    "email_typo": CONDITIONS["email_typo"],
    "email_domain": CONDITIONS["email_domain"] + " AND domain_l <> domain_r",
    "same_phone": CONDITIONS["same_phone"],
    "phone_typo": CONDITIONS["phone_typo"],
    "same_name": f"{CONDITIONS['same_first_name']} AND {CONDITIONS['same_last_name']}",
    "similar_name": "(first_name_l <> first_name_r OR last_name_l <> last_name_r) "
    f"AND (({CONDITIONS['swapped_names']}) OR {CONDITIONS['similar_first_name']} "
    f"AND {CONDITIONS['similar_last_name']})",
    "one_name": "coalesce(first_name_l = first_name_r, false) <> coalesce(last_name_l = last_name_r, false) "
    f"AND NOT coalesce({CONDITIONS['similar_first_name']} AND {CONDITIONS['similar_last_name']}, false)",
    "same_address": CONDITIONS["same_address"],
    "similar_address": f"NOT coalesce({CONDITIONS['same_address']}, false) AND {CONDITIONS['similar_address']}",
    "same_birthday": CONDITIONS["same_birthday"],
    "similar_birthday": CONDITIONS["similar_birthday"],
}

_COMPARED = (
    "email_plain",
    "local",
    "letters",
    "domain",
    "phone",
    "first_name",
    "last_name",
    "street",
    "postcode",
    "city",
    "birthday",
)


def _sides() -> str:
    return ", ".join(f"{side}.{column} AS {column}_{side}" for column in _COMPARED for side in ("l", "r"))


REASONS_SQL = f"""
WITH best AS (
    SELECT least(subscriber_l, subscriber_r) AS a, greatest(subscriber_l, subscriber_r) AS b,
           round(max(match_probability), 6) AS score,
           max_by({{'l': face_l, 'r': face_r}}, (match_probability, -face_l, -face_r)) AS faces
    FROM found WHERE subscriber_l <> subscriber_r GROUP BY ALL
),
sides AS (
    SELECT a, b, score, {_sides()}
    FROM best JOIN people AS l ON l.face = faces.l JOIN people AS r ON r.face = faces.r
)
SELECT a, b, score,
       list_filter([{", ".join(f"CASE WHEN {condition} THEN '{reason}' END" for reason, condition in _ALIKE.items())}],
                   lambda reason: reason IS NOT NULL) AS reasons
FROM sides ORDER BY score DESC, a, b
"""
"""Pairs of subscribers by their best pair of faces, from Splink's table `found`, with what is alike in it."""
