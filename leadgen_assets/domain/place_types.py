"""Google's place types that may be asked for (Table A of its documentation).

Those that only come back are in `tracking_service/locations.py`. A type in neither may be new: it is then searched for
by its words alone.
"""

from difflib import get_close_matches

_TABLE_A = """
    car_dealer car_rental car_repair car_wash gas_station tire_shop farm art_gallery art_studio museum
    performing_arts_theater library preschool primary_school school secondary_school university amusement_center
    amusement_park aquarium banquet_hall bowling_alley casino comedy_club community_center concert_hall
    convention_center cultural_center dance_hall event_venue internet_cafe karaoke marina movie_rental movie_theater
    night_club opera_house tourist_attraction video_arcade wedding_venue zoo accounting atm bank acai_shop
    afghani_restaurant african_restaurant american_restaurant asian_restaurant bagel_shop bakery bar bar_and_grill
    barbecue_restaurant brazilian_restaurant breakfast_restaurant brunch_restaurant buffet_restaurant cafe cafeteria
    candy_store cat_cafe chinese_restaurant chocolate_shop coffee_shop confectionery deli dessert_restaurant
    dessert_shop diner dog_cafe donut_shop fast_food_restaurant fine_dining_restaurant food_court french_restaurant
    greek_restaurant hamburger_restaurant ice_cream_shop indian_restaurant indonesian_restaurant italian_restaurant
    japanese_restaurant juice_shop korean_restaurant lebanese_restaurant meal_delivery meal_takeaway
    mediterranean_restaurant mexican_restaurant middle_eastern_restaurant pizza_restaurant pub ramen_restaurant
    restaurant sandwich_shop seafood_restaurant spanish_restaurant steak_house sushi_restaurant tea_house
    thai_restaurant turkish_restaurant vegan_restaurant vegetarian_restaurant vietnamese_restaurant wine_bar
    chiropractor dental_clinic dentist doctor drugstore hospital massage medical_lab pharmacy physiotherapist sauna
    skin_care_clinic spa tanning_studio wellness_center yoga_studio bed_and_breakfast budget_japanese_inn campground
    cottage extended_stay_hotel farmstay guest_house hostel hotel inn lodging motel private_guest_room resort_hotel
    barber_shop beautician beauty_salon body_art_service catering_service child_care_agency consultant
    courier_service electrician florist food_delivery foot_care funeral_home hair_care hair_salon insurance_agency
    laundry lawyer locksmith makeup_artist moving_company nail_salon painter plumber psychic real_estate_agency
    roofing_contractor storage tailor telecommunications_service_provider tour_agency travel_agency veterinary_care
    asian_grocery_store auto_parts_store bicycle_store book_store butcher_shop cell_phone_store clothing_store
    convenience_store department_store discount_store electronics_store food_store furniture_store gift_shop
    grocery_store hardware_store home_goods_store home_improvement_store jewelry_store liquor_store market pet_store
    shoe_store shopping_mall sporting_goods_store store supermarket warehouse_store wholesaler fitness_center
    golf_course gym sports_club sports_coaching sports_complex swimming_pool service corporate_office
"""
SEARCHABLE_TYPES = frozenset(_TABLE_A.split())


def nearest_type(category: str) -> str | None:
    """The type that is spelled most like a category which is none, or None where nothing comes near."""
    return next(iter(get_close_matches(category, sorted(SEARCHABLE_TYPES), n=1)), None)
