"""Phrases by which machines and people who want no more mail are known, in the languages we write to.

Lists only; when they count is decided in `replies`.
"""

import re

_AUTOMATIC_SUBJECTS = (
    # English
    r"auto(?:matic|mated)?[ -]?(?:reply|response)", r"out[ -]of[ -](?:the )?office", r"\[?ooo\]?\b",
    r"on (?:vacation|holiday|leave)\b", r"away from (?:the|my) (?:office|desk|mail)",
    # German, Dutch
    r"abwesen(?:d|heit)", r"automatische? antwort", r"nicht im (?:büro|haus)", r"urlaub\b", r"ich bin im urlaub",
    r"automatisch antwoord", r"afwezig",
    # Finnish, Estonian
    r"automaattinen (?:vastaus|poissaolo)", r"poissa\b", r"poissaolo", r"olen (?:poissa|lomalla|vapaalla)", r"lomalla",
    r"automaatvastus",
    # Scandinavian
    r"autosvar", r"automatiskt? svar", r"frånvaro", r"fravær",
    # Romance
    r"réponse automatique", r"absence du bureau", r"respuesta automática", r"fuera de la oficina",
    r"risposta automatica", r"fuori (?:ufficio|sede)", r"resposta automática",
    # Slavic
    r"automatyczna odpowiedź", r"автоответ",
)  # fmt: skip

_COURTESY = r"(?:please|pls|kindly|bitte|ystävällisesti|kiitos|thanks|thank you|danke|hi|hello|hei|hallo|moi|tack)"
_STOP_PHRASES = (
    # English
    r"unsubscribe(?: (?:me|us))?(?: from (?:this|your|the)(?: mailing)? (?:list|e-?mails?))?", r"stop(?: it| this)?",
    r"stop (?:e-?mailing|mailing|contacting|writing to) (?:me|us)", r"stop sending(?: (?:me|us))?(?: e-?mails?)?",
    r"remove", r"(?:remove|delete) (?:me|us|my (?:e-?mail|address))(?: from (?:this|your|the)(?: mailing)? lists?)?",
    r"take (?:me|us) off (?:this|your|the)(?: mailing)? list", r"opt[ -]?out", r"no more (?:e-?mails?|mails?)",
    r"(?:do not|don't) (?:contact|e-?mail|write(?: to)?) (?:me|us)(?: again| any ?more)?",
    # German
    r"abmelden", r"abbestellen", r"austragen", r"keine (?:weiteren )?(?:e-?mails?|werbung)(?: mehr)?",
    # Finnish
    r"poista(?:kaa)?(?: (?:minut|meidät|osoitteeni))?(?: (?:postitus)?listal(?:ta|tanne))?", r"lopeta(?:kaa)?",
    r"peruuta(?: tilaus)?", r"ei (?:enää )?(?:viestejä|mainoksia)",
    # Swedish, French, Spanish
    r"avregistrera(?: mig)?", r"désinscri(?:re|ption)", r"se désabonner", r"cancelar suscripción", r"baja",
)  # fmt: skip

_AUTOMATIC = re.compile(rf"(?:re:\s*)?(?:{'|'.join(_AUTOMATIC_SUBJECTS)})", re.IGNORECASE)
_STOP = re.compile(rf"(?:{_COURTESY} )*(?:{'|'.join(_STOP_PHRASES)})(?: {_COURTESY})*", re.IGNORECASE)
_LONGEST_STOP_REQUEST = 80


def is_automatic_subject(subject: str) -> bool:
    """True for a subject that only vacation responders and the like write."""
    return bool(_AUTOMATIC.match(subject.strip()))


def is_stop_request(words: str) -> bool:
    """True where these words ask for no more mail and say nothing else."""
    plain = " ".join(re.sub(r"[^\w\s'-]", " ", words.replace("’", "'")).split())
    return 0 < len(plain) <= _LONGEST_STOP_REQUEST and bool(_STOP.fullmatch(plain))
