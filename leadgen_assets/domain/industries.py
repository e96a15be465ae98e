"""Our own trades, and what the sources' categories mean in them.

A category is an OSM `key=value`, a Google place type or an Overture label. Texts about a trade belong to `drafting`.
"""

import re

INDUSTRIES = (
    "restaurant", "cafe", "bar", "bakery", "food_store", "clothing_store", "shoe_store", "jewelry_store",
    "beauty_salon", "hair_salon",
    "gym", "florist", "electronics_store", "home_goods_store", "pet_store", "book_store", "gift_shop",
    "sporting_goods_store", "store",
    "hotel", "health", "pharmacy", "car_service", "craft_service", "professional_service", "financial_service",
    "real_estate",
    "education", "culture", "leisure", "travel", "public_body", "other",
)  # fmt: skip

# What a category says in one of its words, the special before the general; the first that fits decides.
_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        "public_body",
        "government diplomatic embassy police courthouse townhall church cathedral mosque temple synagogue"
        " worship religion religious atm atms parking park monument landmark historical bus station transport"
        " transit post_box toilets political_party apartments",
    ),
    ("pharmacy", "pharmacy chemist drugstore"),
    ("pet_store", "pet pets veterinary veterinarian animal dog grooming aquarium"),
    ("hair_salon", "hairdresser hair barber barbers"),
    ("beauty_salon", "beauty cosmetics perfumery nail nails spa spas massage tattoo tanning skin waxing eyelash"),
    ("gym", "gym fitness yoga pilates crossfit fitness_centre sports_centre martial dance boxing"),
    ("florist", "florist flowers flower garden_centre"),
    ("bakery", "bakery pastry confectionery bakeries cake cakes donut patisserie"),
    (
        "car_service",
        "automotive car auto tyres tire motorcycle mechanic car_repair car_rental car_wash fuel gas_station gas"
        " truck vehicle",
    ),
    ("cafe", "cafe coffee tea ice_cream bubble_tea juice creperie dessert"),
    ("bar", "bar pub nightclub lounge brewery biergarten night_club wine_bar cocktail winery"),
    (
        "restaurant",
        "restaurant fast_food food_court pizza sushi diner bistro steakhouse eatery caterer catering meal"
        " food_truck food_stand burger sandwich sandwich_shop buffet noodles dining",
    ),
    (
        "food_store",
        "supermarket convenience deli greengrocer butcher grocery grocer alcohol liquor wine beverages seafood"
        " cheese food marketplace market farm kiosk health_food nutrition",
    ),
    ("shoe_store", "shoes shoe"),
    ("jewelry_store", "jewelry jewellery watches watch goldsmith jeweler"),
    ("clothing_store", "clothes clothing boutique fashion tailor fabric leather bag bags lingerie apparel bridal"),
    (
        "electronics_store",
        "electronics computer computers mobile_phone mobile hifi camera telecommunication phone cell",
    ),
    (
        "home_goods_store",
        "furniture interior_decoration kitchen carpet houseware lighting hardware doityourself curtain bed"
        " appliance home_goods home_improvement antiques antique mattress bathroom_furnishing paint flooring frame",
    ),
    ("book_store", "books book bookstore stationery newsagent comics"),
    ("gift_shop", "gift gifts souvenir toys toy art_supply craft_supply"),
    ("sporting_goods_store", "sports sporting outdoor bicycle fishing ski surf golf"),
    ("hotel", "hotel hostel guest_house motel lodging accommodation bed_and_breakfast inn resort chalet"),
    (
        "health",
        "dentist doctor doctors clinic medical hospital optician physiotherapist healthcare health therapist"
        " therapy psychotherapist chiropractor acupuncture counseling dental physical optometrist hearing_aids"
        " medicine nursing orthodontist",
    ),
    ("real_estate", "real_estate estate_agent estate property property_management"),
    (
        "financial_service",
        "bank banks insurance accountant financial bureau_de_change tax_advisor money_transfer credit mortgage"
        " accounting",
    ),
    (
        "education",
        "school kindergarten university college driving_school education preschool childcare tutoring library"
        " language_school day_care music_school training",
    ),
    (
        "culture",
        "gallery art museum theatre theater cinema arts_centre arts music studio photo photography photographer"
        " entertainment",
    ),
    (
        "leisure",
        "leisure amusement bowling casino gambling escape_game attraction stadium zoo sauna playground"
        " golf_course swimming",
    ),
    ("travel", "travel_agency travel tour tours luggage_storage"),
    (
        "craft_service",
        "craft electrician plumber carpenter contractor locksmith painter roofing cleaning laundry dry_cleaning"
        " laundromat shoemaker key_cutter repair construction plumbing hvac moving home_service landscaping"
        " printing copyshop upholsterer builder",
    ),
    (
        "professional_service",
        "lawyer legal notary office company consulting advertising_agency architect it engineer marketing"
        " professional employment_agency software coworking ngo association agency corporate business design"
        " designer services service attorney",
    ),
    ("store", "shop store mall retail department_store variety_store second_hand charity shopping outlet wholesale"),
)
_WORDS = {word: industry for industry, words in reversed(_MEANINGS) for word in words.split()}
_RANK = {industry: rank for rank, (industry, _) in enumerate(_MEANINGS)}
_GENERAL_KEYS = {
    "shop": "store",
    "office": "professional_service",
    "craft": "craft_service",
    "healthcare": "health",
    "leisure": "leisure",
}


def industry_of(category: str | None) -> str:
    """The trade of a category, one of INDUSTRIES; `other` where it says nothing."""
    key, _, value = (category or "").casefold().rpartition("=")
    label = re.sub(r"[^\w]+", "_", value).strip("_")
    if label in _WORDS:
        return _WORDS[label]
    words = [word for word in label.split("_") if word in _WORDS]
    pairs = [
        pair for pair in map("_".join, zip(label.split("_"), label.split("_")[1:], strict=False)) if pair in _WORDS
    ]
    found = sorted({_WORDS[word] for word in pairs or words}, key=_RANK.__getitem__)
    return found[0] if found else _GENERAL_KEYS.get(key, "other")
