"""The trade that a letter may name: only what the listing itself says, word for word.

`industries` guesses broadly, which is good enough to choose examples; a sentence such as "listings show you as a
bakery" needs the listing's own word. A word that says little (`company`, `store`, `yes`) names nothing.
"""

from dataclasses import replace

from leadgen_assets.domain.trades import UNKNOWN_TRADE, Trade, trade_of, trades

# What we say, and the values of a category (OpenStreetMap's, a Google type, an Overture label) that say the same.
_NOUNS = {
    "bakery": "bakery",
    "restaurant": "restaurant",
    "fast food restaurant": "fast_food fast_food_restaurant",
    "pizza restaurant": "pizza_restaurant",
    "café": "cafe coffee_shop",
    "bar": "bar cocktail_bar wine_bar",
    "pub": "pub",
    "night club": "nightclub night_club",
    "clothing store": "clothes clothing clothing_store",
    "boutique": "boutique",
    "shoe store": "shoes shoe_store",
    "florist": "florist",
    "beauty salon": "beauty beauty_salon",
    "nail salon": "nails nail_salon",
    "hair salon": "hairdresser hair_salon",
    "barber shop": "barber barber_shop",
    "gym": "gym fitness_centre fitness_center",
    "yoga studio": "yoga yoga_studio",
    "electronics store": "electronics electronics_store",
    "computer shop": "computer computer_store",
    "mobile phone shop": "mobile_phone mobile_phone_store cell_phone_store",
    "furniture store": "furniture furniture_store",
    "hardware store": "hardware hardware_store",
    "jewellery store": "jewelry jewellery jewelry_store",
    "pet store": "pet pet_store",
    "butcher": "butcher butcher_shop",
    "greengrocer": "greengrocer",
    "delicatessen": "deli delicatessen",
    "kiosk": "kiosk",
    "convenience store": "convenience convenience_store",
    "supermarket": "supermarket",
    "dental practice": "dentist dental_clinic",
    "doctor's practice": "doctors doctor",
    "clinic": "clinic",
    "optician": "optician",
    "physiotherapy practice": "physiotherapist",
    "hotel": "hotel",
    "hostel": "hostel",
    "guest house": "guest_house",
    "pharmacy": "pharmacy",
    "bookshop": "books book_store bookstore",
    "gift shop": "gift gift_shop",
    "toy shop": "toys toy_store",
    "sporting goods store": "sports sporting_goods_store",
    "bicycle shop": "bicycle bicycle_store bicycle_shop",
    "car repair shop": "car_repair automotive_repair",
    "car wash": "car_wash",
    "electrician": "electrician",
    "plumber": "plumber",
    "painter": "painter",
    "locksmith": "locksmith",
    "tailor": "tailor",
    "shoemaker": "shoemaker",
    "laundry": "laundry",
    "law office": "lawyer",
    "architect's office": "architect",
    "accountant's office": "accountant",
    "travel agency": "travel_agency",
    "estate agency": "estate_agent real_estate_agency real_estate_agent",
    "second-hand shop": "second_hand",
    "tattoo studio": "tattoo",
}
_BY_WORD = {word: noun for noun, words in _NOUNS.items() for word in words.split()}
# Where our general words for an industry do not fit what the listing says more precisely.
_GENERAL = {"night club", "tattoo studio", "kiosk", "car wash", "tailor", "shoemaker", "laundry", "travel agency"}


def nouns() -> tuple[str, ...]:
    """Everything that a letter could call a business, from its listing's word or from our general ones."""
    return tuple(sorted({*_NOUNS, *(trade.noun for trade in trades().values())} - {trade_of(UNKNOWN_TRADE).noun}))


def listed_trade(category: str | None, industry: str | None) -> Trade:
    """The trade of a lead under the noun that its listing supports; the general one where it supports none.

    Args:
        category: the listing's own: an OSM `key=value`, a Google type or an Overture label.
        industry: of a row of `leads`; which offer and example to choose.
    """
    noun = _BY_WORD.get((category or "").rpartition("=")[2].strip().casefold())
    if noun is None:
        return trade_of(UNKNOWN_TRADE)
    return replace(trade_of(UNKNOWN_TRADE if noun in _GENERAL else industry), noun=noun, is_listed=True)
