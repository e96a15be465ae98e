"""Trades as the sources write them: a record's category as a type of the Places API and as OpenStreetMap tags.

The product's own idea of a trade is not used here.
"""

import re

FALLBACK_TYPE = "store"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Table A type of the Places API: words of a category (OpenStreetMap value or another source's label) that mean it.
_TYPES = {
    "restaurant": "restaurant diner bistro pizza sushi fast_food food_court steakhouse",
    "cafe": "cafe coffee_shop coffee tea_room ice_cream",
    "bar": "bar pub biergarten cocktail_bar wine_bar",
    "night_club": "nightclub night_club dance_club",
    "bakery": "bakery pastry confectionery",
    "florist": "florist flowers flowers_and_gifts_shop",
    "beauty_salon": "beauty beauty_salon cosmetics perfumery nail_salon spas massage tanning",
    "hair_salon": "hairdresser hair_salon barber",
    "gym": "gym fitness_centre fitness yoga yoga_studio pilates",
    "clothing_store": "clothes clothing_store clothing boutique fashion fashion_accessories fabric tailor leather bag",
    "shoe_store": "shoes shoe_store",
    "jewelry_store": "jewelry jewelry_store jewellery watches",
    "electronics_store": "electronics electronics_store computer mobile_phone hifi",
    "home_goods_store": "furniture furniture_store interior_decoration kitchen carpet houseware home_goods_store bed",
    "pet_store": "pet pet_store pet_grooming",
    "book_store": "books bookstore book_store stationery newsagent",
    "grocery_store": "supermarket grocery_store convenience convenience_store",
    "food_store": "deli greengrocer butcher seafood cheese tea chocolate health_food",
    "liquor_store": "alcohol wine liquor_store beverages",
    "gift_shop": "gift souvenir toys variety_store",
    "sporting_goods_store": "sports outdoor sporting_goods bicycle",
    "pharmacy": "pharmacy chemist drugstore",
    "hotel": "hotel hostel motel guest_house",
    "dentist": "dentist",
    "doctor": "doctor doctors clinic medical_center",
    "lawyer": "lawyer legal_services",
    "bank": "bank banks bank_credit_union",
    "insurance_agency": "insurance insurance_agency",
    "real_estate_agency": "estate_agent real_estate_agent real_estate property_management",
    "travel_agency": "travel_agency",
    "museum": "museum",
    "art_gallery": "gallery art_gallery art",
    "movie_theater": "cinema",
    "performing_arts_theater": "theatre",
    "car_repair": "car_repair automotive_repair tyres",
    "corporate_office": "company corporate_office it advertising_agency architect",
}  # fmt: skip
_TYPE_OF_WORD = {word: name for name, words in _TYPES.items() for word in words.split()}
_FOOD = frozenset({"restaurant", "cafe", "bar", "bakery", "food_store", "grocery_store", "liquor_store"})
# The tag that says a type in OpenStreetMap, for records of other sources.
_TAGS = {
    "restaurant": "amenity=restaurant",
    "cafe": "amenity=cafe",
    "bar": "amenity=bar",
    "night_club": "amenity=nightclub",
    "pharmacy": "amenity=pharmacy",
    "dentist": "amenity=dentist",
    "doctor": "amenity=doctors",
    "bank": "amenity=bank",
    "movie_theater": "amenity=cinema",
    "performing_arts_theater": "amenity=theatre",
    "gym": "leisure=fitness_centre",
    "hotel": "tourism=hotel",
    "museum": "tourism=museum",
    "art_gallery": "tourism=gallery",
    "lawyer": "office=lawyer",
    "insurance_agency": "office=insurance",
    "real_estate_agency": "office=estate_agent",
    "corporate_office": "office=company",
    "bakery": "shop=bakery",
    "florist": "shop=florist",
    "beauty_salon": "shop=beauty",
    "hair_salon": "shop=hairdresser",
    "clothing_store": "shop=clothes",
    "shoe_store": "shop=shoes",
    "jewelry_store": "shop=jewelry",
    "pet_store": "shop=pet",
    "electronics_store": "shop=electronics",
    "home_goods_store": "shop=furniture",
    "book_store": "shop=books",
    "grocery_store": "shop=supermarket",
    "food_store": "shop=deli",
    "liquor_store": "shop=alcohol",
    "gift_shop": "shop=gift",
    "sporting_goods_store": "shop=sports",
    "travel_agency": "shop=travel_agency",
    "car_repair": "shop=car_repair",
}

# Types that a response may carry and a request may not filter by.
RESPONSE_ONLY_TYPES = _words(
    "administrative_area_level_1 administrative_area_level_2 archipelago colloquial_area continent country"
    " establishment finance food general_contractor geocode health intersection landmark locality natural_feature"
    " neighborhood place_of_worship plus_code point_of_interest political postal_code postal_town premise route"
    " street_address sublocality subpremise town_square"
)
# What a request may filter by: Table A, without the types that no search for businesses would use.
FILTER_TYPES = frozenset(_TYPES) | _words(
    "academic_department acai_shop accounting afghani_restaurant african_restaurant airport american_restaurant"
    " amusement_center amusement_park aquarium arena art_museum art_studio asian_grocery_store asian_restaurant"
    " athletic_field atm auditorium auto_parts_store bagel_shop banquet_hall bar_and_grill barbecue_restaurant"
    " barber_shop beautician bed_and_breakfast beer_garden bicycle_store body_art_service botanical_garden"
    " bowling_alley brazilian_restaurant breakfast_restaurant brewery brewpub brunch_restaurant buddhist_temple"
    " budget_japanese_inn buffet_restaurant building_materials_store burrito_restaurant bus_station"
    " business_center butcher_shop cafeteria campground camping_cabin candy_store car_dealer car_rental car_wash"
    " casino castle cat_cafe catering_service cell_phone_store child_care_agency chinese_restaurant chiropractor"
    " chocolate_factory chocolate_shop church city_hall cleaning_service cocktail_bar coffee_shop comedy_club"
    " community_center concert_hall confectionery consultant convenience_store convention_center corporate_office"
    " cosmetics_store cottage courier_service courthouse coworking_space cultural_center cultural_landmark"
    " dance_hall deli dental_clinic department_store dessert_restaurant dessert_shop diner discount_store dog_cafe"
    " dog_park donut_shop driving_school drugstore educational_institution electric_vehicle_charging_station"
    " electrician embassy employment_agency event_venue extended_stay_hotel falafel_restaurant farm farmers_market"
    " farmstay fast_food_restaurant ferry_terminal fine_dining_restaurant fire_station fitness_center florist"
    " food_court food_delivery foot_care foundation french_restaurant funeral_home furniture_store garden"
    " garden_center gas_station gastropub general_hospital german_restaurant go_karting_venue golf_course"
    " greek_restaurant guest_house hair_care hamburger_restaurant hardware_store health_food_store hindu_temple"
    " historical_place history_museum home_improvement_store hospital hostel hot_pot_restaurant ice_cream_shop"
    " ice_skating_rink indian_restaurant indonesian_restaurant inn internet_cafe irish_pub italian_restaurant"
    " japanese_restaurant juice_shop karaoke kebab_shop korean_restaurant laundry lebanese_restaurant library"
    " live_music_venue locksmith lodging lounge_bar makeup_artist manufacturer marina market marketing_consultant"
    " massage"
    " massage_spa meal_delivery meal_takeaway medical_center medical_clinic medical_lab mediterranean_restaurant"
    " mexican_restaurant middle_eastern_restaurant miniature_golf_course monument mosque motel movie_rental"
    " moving_company nail_salon non_profit_organization noodle_shop opera_house painter park parking pastry_shop"
    " pet_boarding_service pet_care philharmonic_hall physiotherapist pizza_delivery pizza_restaurant planetarium"
    " playground plumber police post_office preschool primary_school private_guest_room psychic pub"
    " ramen_restaurant ranch resort_hotel roofing_contractor rv_park salad_shop sandwich_shop sauna"
    " scandinavian_restaurant school sculpture seafood_restaurant secondary_school service shinto_shrine"
    " shipping_service shopping_mall ski_resort skin_care_clinic snack_bar soup_restaurant spa spanish_restaurant"
    " sports_bar sports_club sports_coaching sports_complex sportswear_store stadium steak_house storage store"
    " summer_camp_organizer supermarket supplier sushi_restaurant swimming_pool synagogue tailor tanning_studio"
    " tapas_restaurant taxi_service tea_house tea_store telecommunications_service_provider television_studio"
    " thai_restaurant thrift_store tire_shop tour_agency tourist_attraction tourist_information_center toy_store"
    " train_station transportation_service travel_agency truck_dealer turkish_restaurant university"
    " vegan_restaurant vegetarian_restaurant veterinary_care video_arcade vietnamese_restaurant visitor_center"
    " warehouse_store wedding_venue wellness_center wholesaler wine_bar winery womens_clothing_store yoga_studio"
    " zoo"
)
# The searches that a target makes unless told otherwise; whoever has another type is not found by them.
SEARCHED_TYPES = _words(
    "restaurant store clothing_store food_store bakery florist beauty_salon gym electronics_store"
    " home_goods_store jewelry_store pet_store shoe_store"
)


def google_type(category: str | None) -> str:
    """The Table A type of a record's category; `store` where it says nothing known."""
    value = (category or "").casefold().rpartition("=")[2].strip()
    label = re.sub(r"[^a-z0-9]+", "_", value).strip("_")
    if label in _TYPE_OF_WORD:
        return _TYPE_OF_WORD[label]
    return next((_TYPE_OF_WORD[word] for word in reversed(label.split("_")) if word in _TYPE_OF_WORD), FALLBACK_TYPE)


def google_types(category: str | None) -> list[str]:
    """All types of a place, its primary one first, the response-only ones last."""
    primary = google_type(category)
    more = ["food"] if primary in _FOOD else []
    return [primary, *more, "point_of_interest", "establishment"]


def osm_tag(category: str | None) -> tuple[str, str]:
    """Key and value of the tag that says what a place is: the record's own one, or the usual one for its type."""
    key, sign, value = (category or "").partition("=")
    if not (sign and key and value):
        key, _, value = _TAGS.get(google_type(category), "shop=yes").partition("=")
    return key, value
