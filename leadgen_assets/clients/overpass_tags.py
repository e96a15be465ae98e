"""Which tags of OpenStreetMap say what a category (a Google place type) says. Queries are in `overpass`.

From the project's own documentation of its tags; a category that is missing here has no tag of its own, or none that
we know, and is not asked for.
"""

from collections.abc import Iterable

_SHOPS = {
    "auto_parts_store": "car_parts", "bakery": "bakery|pastry", "barber_shop": "hairdresser",
    "beautician": "beauty", "beauty_salon": "beauty|cosmetics|hairdresser", "bicycle_store": "bicycle",
    "book_store": "books|stationery", "butcher_shop": "butcher", "candy_store": "confectionery|chocolate",
    "car_dealer": "car", "car_repair": "car_repair", "cell_phone_store": "mobile_phone",
    "chocolate_shop": "chocolate", "clothing_store": "clothes|boutique|fashion", "confectionery": "confectionery",
    "convenience_store": "convenience", "deli": "deli", "department_store": "department_store",
    "electronics_store": "electronics|computer|mobile_phone|hifi", "florist": "florist",
    "food_store": "supermarket|convenience|deli|greengrocer|butcher|seafood|cheese",
    "funeral_home": "funeral_directors", "furniture_store": "furniture|bed", "gift_shop": "gift|toys",
    "grocery_store": "supermarket|convenience|greengrocer", "hair_care": "hairdresser", "hair_salon": "hairdresser",
    "hardware_store": "hardware|doityourself|trade",
    "home_goods_store": "furniture|interior_decoration|houseware|kitchen",
    "home_improvement_store": "doityourself|hardware|paint|tiles|flooring", "jewelry_store": "jewelry|watches",
    "laundry": "laundry|dry_cleaning", "liquor_store": "alcohol|wine|beverages", "massage": "massage",
    "nail_salon": "nail_salon|beauty", "pet_store": "pet", "shoe_store": "shoes",
    "sporting_goods_store": "sports|outdoor|bicycle", "supermarket": "supermarket", "tailor": "tailor|sewing",
    "tea_house": "tea", "tire_shop": "tyres", "travel_agency": "travel_agency", "wholesaler": "wholesale",
}  # fmt: skip
_CRAFTS = {
    "catering_service": "caterer", "electrician": "electrician", "locksmith": "locksmith", "painter": "painter",
    "plumber": "plumber|hvac", "roofing_contractor": "roofer",
}  # fmt: skip
_OFFICES = {
    "accounting": "accountant|tax_advisor", "consultant": "consulting", "insurance_agency": "insurance",
    "lawyer": "lawyer|notary", "moving_company": "moving_company", "real_estate_agency": "estate_agent",
}  # fmt: skip
_ALL_SHOPS = '["shop"]'
_SELECTORS = {
    name: f'["{key}"~"^({values})$"]'
    for key, table in (("shop", _SHOPS), ("craft", _CRAFTS), ("office", _OFFICES))
    for name, values in table.items()
} | {
    "store": _ALL_SHOPS,
    "restaurant": '["amenity"~"^(restaurant|fast_food|food_court)$"]',
    "cafe": '["amenity"~"^(cafe|ice_cream)$"]',
    "coffee_shop": '["amenity"="cafe"]',
    "bar": '["amenity"~"^(bar|pub|biergarten)$"]',
    "pub": '["amenity"~"^(pub|biergarten)$"]',
    "night_club": '["amenity"="nightclub"]',
    "car_rental": '["amenity"="car_rental"]',
    "car_wash": '["amenity"="car_wash"]',
    "gym": '["leisure"~"^(fitness_centre|sports_centre)$"]',
    "fitness_center": '["leisure"="fitness_centre"]',
    "hotel": '["tourism"~"^(hotel|hostel|guest_house|motel)$"]',
    "guest_house": '["tourism"="guest_house"]',
    "hostel": '["tourism"="hostel"]',
    "motel": '["tourism"="motel"]',
    "campground": '["tourism"="camp_site"]',
    "art_gallery": '["tourism"="gallery"]',
    "dentist": '["amenity"="dentist"]',
    "dental_clinic": '["amenity"="dentist"]',
    "doctor": '["amenity"~"^(doctors|clinic)$"]',
    "pharmacy": '["amenity"="pharmacy"]',
    "physiotherapist": '["healthcare"="physiotherapist"]',
    "veterinary_care": '["amenity"="veterinary"]',
    "corporate_office": '["office"]',
    "service": '["craft"]',
}
# What a search for all of a key covers already.
_COVERED = {_ALL_SHOPS: '["shop"', '["craft"]': '["craft"', '["office"]': '["office"'}


def selectors_of(categories: Iterable[str]) -> list[str]:
    """Overpass filters for the categories whose tags are known, each once, none that another covers; in order."""
    found = {_SELECTORS[category] for category in categories if category in _SELECTORS}
    for whole, beginning in _COVERED.items():
        if whole in found:
            found = {selector for selector in found if selector == whole or not selector.startswith(beginning)}
    return sorted(found)


def untagged(categories: Iterable[str]) -> list[str]:
    """Categories that no tag is known for, in their order."""
    return [category for category in categories if category not in _SELECTORS]
