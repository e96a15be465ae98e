"""The wordings that no letter may contain, as a table: a problem in words, and the patterns that show it.

Patterns are regular expressions without regard to case; most are plain words. What depends on the facts of a lead is
checked in `claims`.
"""

import re

PATRONS = "(?:customers|guests|clients|patients|visitors|regulars|members|diners|shoppers|neighbou?rs)"
SITE = r"(?:web ?site|web ?page|home ?page|site|(?:web|online|digital) presence)\b"
_WE = (
    r"\b(?:I|we)(?:['’](?:ve|d))?\s+(?:(?:have|had|recently|just|once|already|also|really|often|always)\s+)*"
    r"(?:{})\b"
)
_TOP_LEVEL = "com|net|org|info|biz|io|co|app|dev|shop|store|site|online|test|fi|se|de|uk|fr|in|us|eu"

_TABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "contains a web or email address",
        ("https?:", r"www\.", r"\S@\S", rf"\b[a-z0-9-]+\.(?:{_TOP_LEVEL})\b"),
    ),
    (
        "contains markup",
        (r"[<>{}\[\]`|\\]", r"\*\*", "__", r"&(?:#\d+|[a-z]+);", r"^\s*[#*-]\s"),
    ),
    (
        "names a price or something free",
        (
            "[€$£¥₹]",
            r"\b(?:eur|usd|gbp|inr|euros?|dollars?|rupees?|pounds?)\b",
            r"\bfree\b(?!\s+(?:(?:first|initial|short|no-obligation)\s+)*(?:consultation|call|chat|talk)\b)",
            r"\b(?:discount\w*|no cost|costs? nothing|cheap\w*|nothing to pay)\b",
        ),
    ),
    (
        "states a quantity",
        (
            r"%|\bper ?cent\b",
            r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty)\b",
            r"\b(?:hundreds?|thousands?|millions?|dozens?|half|twice|doubl\w+|tripl\w+|quadrupl\w+|majority)\b",
            r"\bmost (?:people|customers|guests|clients|visitors)\b",
        ),
    ),
    (
        "cites studies or statistics",
        (r"\b(?:stud(?:y|ies)|statistics?|research|surveys?|experts? (?:say|agree)|proven|proof)\b",),
    ),
    (
        "claims to have been there or met",
        (
            _WE.format(
                "visited|met|saw|seen|walked|passed|stopped|dropped|dined|ate|eaten|shopped|spoke|spoken|talked"
            ),
            _WE.format("called|rang|enjoyed|loved?|bought|ordered|tasted|been|follow(?:ed)?|admired?|heard|read"),
            _WE.format("know|knew|noticed you|tried (?:your|the (?!web|listed|address)).*"),
            r"\b(?:passing by|walk(?:ed|ing) past|stopped by|in person|last (?:week|month|year|visit))\b",
            r"\b(?:my (?:friend|colleague|wife|husband)|as a (?:customer|guest|regular|client))\b",
        ),
    ),
    (
        "claims that a person came upon the business",
        (
            r"\b(?:caught|catch(?:es)?|drew|got) (?:my|our) (?:eye|attention|interest)\b",
            r"\b(?:came across|c[ao]me upon|stumbled|ran into|happened upon)\b",
            _WE.format("noticed|discovered|happened to (?:find|see)"),
            r"\b(?:I|we) (?:was|were|am|are) (?:impressed|struck|charmed|inspired|curious|fascinated|drawn)\b",
            r"\b(?:I|we) (?:was|were) (?:looking|searching|browsing)\b",
        ),
    ),
    (
        "claims an earlier contact",
        (
            r"\bas (?:we )?(?:discussed|promised|agreed|mentioned)\b",
            r"\bour (?:last |recent )?(?:call|conversation|meeting|talk)\b",
            r"\bfollow(?:ing)?[- ]?up\b",
            r"\byou (?:asked|requested|contacted|wrote|signed up|subscribed)\b",
            r"\byour (?:inquiry|enquiry|request|order with)\b",
            r"\bthank(?:s| you) for (?:your|reaching|contacting)\b",
            r"^\s*(?:re|fwd?|aw)\s*:",
        ),
    ),
    (
        "claims to know their customers",
        (
            rf"\b(?:your|their) (?:[\w-]+ )?{PATRONS}\b[^.?!]{{0,40}}\b"
            r"(?:loves?|says?|tells?|told|wants?|asks?|asked|complains?|prefers?|expects?|knows?|adores?|raves?"
            r"|miss(?:ing)?|are (?:already|looking|searching|waiting|leaving|going))\b",
        ),
    ),
    (
        "claims something about their standing",
        (
            r"\b(?:popular|beloved|famous|renowned|acclaimed|reputation|award\w*|prize|anniversary|favou?rites?)\b",
            r"\bwell[- ](?:known|loved|rated|regarded|respected)\b",
            r"\b(?:known for|top[- ]rated|highly[- ]rated|hidden gem|number one|cornerstone|landmark|institution)\b",
            r"\b(?:family[- ](?:owned|run)|long[- ](?:standing|established)|established|founded|since)\b",
            r"\bfor (?:many )?(?:years|decades|generations)\b",
            r"\b(?:thriving|struggling|loyal)\b",
            r"\b(?:(?:the|a) leading|(?:one of )?the (?:best|finest|oldest|largest|biggest))\b",
        ),
    ),
    (
        "claims something about the sender",
        (
            r"\b(?:we|I|our (?:team|company|agency))(?:['’]ve| have)?(?: already| recently)? "
            r"(?:helped|built|worked with|served|designed|launched|delivered|created|supported)\b",
            r"\b(?:we|I) speciali[sz]\w+\b",
            r"\bour (?:other )?(?:clients|customers|portfolio|track record|experience|results|partners?)\b",
            r"\b(?:certified|accredited|licen[cs]ed|trusted by|partner(?:ed|s|ship)?|on behalf of|official)\b",
            r"\b(?:authori[sz]ed|approved|affiliated|endorsed|sponsored|experts?|years of)\b",
        ),
    ),
    (
        "promises a result",
        (
            r"\b(?:guarantee\w*|ensures?|assured?|always|never|definitely|certainly|undoubtedly|risk[- ]free)\b",
            r"\b(?:skyrocket\w*|explode)\b",
            r"\b(?:will|shall|going to)\b[^.?!]{0,60}\b"
            r"(?:increase|boost|grow|attract|bring|win|gain|raise|drive|improve|save|get more|reach|pay for itself)\b",
            r"['’]ll\b[^.?!]{0,30}\b(?:increase|boost|attract|win|gain|earn)\b",
        ),
    ),
    (
        "uses pressure or the words of spam",
        (
            r"\b(?:act now|limited(?:[- ]time)?|hurry|urgent\w*|last chance|expires?|today only|too late)\b",
            r"\b(?:click here|(?:buy|order|sign up) now|winner|congratulations|cash|lottery|casino|crypto)\b",
            r"\b(?:don['’]t miss|bitcoin|viagra)\b",
            r"\b(?:loan|investment|exclusive (?:deal|offer)|special offer|deal|lowest price|bargain|game[- ]changer)\b",
            r"\b(?:miracle|amazing|incredible|unbeatable|once in a lifetime)\b",
            r"!{2,}|\?{2,}",
        ),
    ),
    (
        "threatens or shames",
        (
            r"\b(?:losing|lose|lost|fall(?:ing)? behind|competitors?|competition|penalt\w+|illegal)\b",
            r"\b(?:violation|lawsuit|fine[ds]|embarrass\w*|ashamed|invisible|fail(?:ing|ed|ure)?)\b",
        ),
    ),
    (
        "speaks of the model or its instructions",
        (
            r"\b(?:AI|language model|prompt|instructions?|system message|as an? (?:assistant|AI))\b",
            r"\b(?:business_data|JSON|ignore)\b",
            r"\b(?:cannot|can['’]t) (?:help|comply|assist)\b",
        ),
    ),
    (
        "is unfinished",
        (r"\[[^\]]*\]", r"\b(?:lorem|ipsum|todo|tbd|insert|your name)\b", "_{3,}"),
    ),
)
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (problem, re.compile("|".join(patterns), re.IGNORECASE)) for problem, patterns in _TABLE
)

ABSENCE = re.compile(
    r"\b(?:no|without|lack\w*|missing|absen\w+|(?:do|does|did|have|has|could)(?: not|n['’]t)|yet to)\b"
    rf"[^.?!,;]{{0,40}}\b{SITE}",
    re.IGNORECASE,
)
# Said to a business that has a website, these offer it a first one.
AS_IF_NONE = re.compile(
    rf"\bof (?:its|your|their) own\b|\b(?:is|be) (?:your|their) own\b|\bbelongs? to you\b|\bdigital home\b"
    rf"|\b(?:no|first) {SITE}"
    rf"|\ban? (?:(?!better|clearer|newer|more)[\w-]+,? ){{0,3}}{SITE}(?! title)"
    rf"|\ban? (?:(?!better|clearer|newer|more)[\w-]+,? ){{0,3}}page\b(?! title)",
    re.IGNORECASE,
)
WORKING = re.compile(r"\b(?:working|reachable|functioning)\b", re.IGNORECASE)
EXISTING_SITE = re.compile(
    rf"\b(?:your|their|the) (?:(?:current|existing|old|present) {SITE}"
    rf"|{SITE}\s+(?:is|was|has|looks?|loads?|does|seems?|appears?|fails?|shows?|needs?|lacks?)\b)",
    re.IGNORECASE,
)
FAULT = re.compile(
    r"\b(?:slow|outdated|broken|down|offline|insecure|unsafe|hacked|unprofessional|ugly|old-fashioned|expired|parked"
    r"|dead|faulty|poor|weak|bad|not (?:secure|mobile|working|responsive|reachable))\b",
    re.IGNORECASE,
)
BRAND = re.compile(
    r"\b(?:facebook|instagram|tiktok|youtube|linkedin|whatsapp|google|bing|tripadvisor|yelp|wolt|foodora|uber\w*"
    r"|deliveroo|booking\.com|airbnb|shopify|wix|wordpress|squarespace|godaddy|amazon|apple|microsoft|openai|chatgpt|groq|twitter"
    r"|etsy|ebay)\b",
    re.IGNORECASE,
)
OUR_WEBSITE = re.compile(r"\bour (?:own )?(?:web ?)?site\b", re.IGNORECASE)  # where the button leads
RATING = re.compile(r"\b(?:rat(?:ing|ings|ed)|reviews?|stars?)\b", re.IGNORECASE)
