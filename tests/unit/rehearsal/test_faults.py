"""Which faults a rehearsal injects: the same for the same seed, none that nobody asked for, all of them documented."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from leadgen_assets.rehearsal import provider_faults
from leadgen_assets.rehearsal.fault_log import FaultLog, dealt, drawn
from leadgen_assets.rehearsal.faults import CRASHES, Faults
from leadgen_assets.rehearsal.mail_faults import MAIL_FAULTS, MailFaults
from leadgen_assets.rehearsal.network_faults import NAME_FAULTS, SITE_FAULTS, NetworkFaults
from leadgen_assets.rehearsal.population import populate
from leadgen_assets.rehearsal.provider_faults import MODEL_FAULTS, ProviderFaults
from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.town import Town
from leadgen_assets.rehearsal.town_names import COMPANY_HOST, SOCIAL_HOST
from leadgen_assets.storage.place_files import packaged_sample, read_place_file
from tests.conftest import MONDAY
from tests.integration.rehearsal.town import business

HOSTS = [f"shop{number}.test" for number in range(40)]
SITES = [business(f"shop{n}", site_kind="healthy", site_host=host, needs_site=False) for n, host in enumerate(HOSTS)]
NEEDY = [business(f"needy{number}") for number in range(40)]


class Crashes:
    """Notes when which process was crashed and brought back."""

    def __init__(self, clock):
        self.clock, self.seen = clock, []

    def __getattr__(self, name):
        return lambda: self.seen.append((self.clock.now(), name))


def faults_of(network):
    return {host: (network.of_name(host), network.of_page(host, "/")) for host in HOSTS}


def mail_faults_of(mail, times=3):
    """Every answer but None at each hand-over of each recipient, as a client would meet them."""
    found = {}
    for one in NEEDY:
        for number in range(times):
            answer = mail.at("rcpt", one.email) or mail.at("data", one.email)
            if answer:
                found.setdefault(one.email, {})[number] = answer
    return found


def test_a_draw_depends_on_the_seed_and_the_subject_alone():
    shares = {"often": 0.3, "seldom": 0.1}
    draws = [drawn(shares, 1, "kind", str(number)) for number in range(2000)]
    assert draws == [drawn(shares, 1, "kind", str(number)) for number in range(2000)]
    assert draws != [drawn(shares, 2, "kind", str(number)) for number in range(2000)]
    counts = Counter(draws)
    assert 500 < counts["often"] < 700
    assert 140 < counts["seldom"] < 260


def test_every_fault_is_dealt_once_before_any_twice():
    assert dealt(["a", "b", "c"], {"x": 0.5, "y": 0.1}) == {"a": "x", "b": "y", "c": "x"}
    assert dealt(["a"], {"x": 0.5, "y": 0.1}) == {"a": "x"}
    assert dealt([], {"x": 0.5}) == {}


def test_each_network_fault_hits_some_site_and_most_sites_are_spared():
    log = FaultLog()
    found = faults_of(NetworkFaults(SITES, 1, log))
    assert found == faults_of(NetworkFaults(SITES, 1, FaultLog()))
    assert found != faults_of(NetworkFaults(SITES, 2, FaultLog()))
    assert set(log.injected) == set(SITE_FAULTS)
    assert sum(fault != (None, None) for fault in found.values()) == len(SITE_FAULTS)


def test_a_site_has_the_same_fault_under_www():
    network = NetworkFaults(SITES, 1, FaultLog())
    assert [network.of_name(f"www.{host}") for host in HOSTS] == [network.of_name(host) for host in HOSTS]


def test_a_name_without_a_site_fails_seldom_and_the_company_never():
    network = NetworkFaults([], 1, FaultLog())
    failing = sum(network.of_name(f"name{number}.test") == "servfail" for number in range(5000))
    assert 0.3 < failing / 5000 / NAME_FAULTS["dns_servfail"] < 2
    for seed in range(500):
        network = NetworkFaults([], seed, FaultLog())
        assert not network.of_name(COMPANY_HOST)
        assert not network.of_name(SOCIAL_HOST)


def test_the_network_is_sound_when_its_faults_are_off():
    log = FaultLog()
    assert set(faults_of(NetworkFaults(SITES, 1, log, lambda: False)).values()) == {(None, None)}
    assert not log.injected


def test_a_provider_fails_once_for_a_question():
    log = FaultLog()
    providers = ProviderFaults(1, log)
    first = [providers.of_prompt(str(number)) for number in range(300)]
    again = [providers.of_prompt(str(number)) for number in range(300)]
    assert {name.removeprefix("llm_") for name in MODEL_FAULTS} == set(first) - {None}
    assert set(again) == {None}
    assert log.injected.total() == 300 - first.count(None)


def test_providers_fail_with_the_statuses_that_clients_must_expect():
    providers = ProviderFaults(1, FaultLog())
    assert {providers.of_search({"textQuery": str(number)}) for number in range(200)} == {None, 429, 503}
    assert {providers.of_query(str(number)) for number in range(200)} == {None, 429, 504}
    assert {providers.of_alert(str(number)) for number in range(200)} == {None, 429, 500}


def test_a_passing_mail_fault_happens_once_and_a_refusal_for_good_each_time():
    log = FaultLog()
    found = mail_faults_of(MailFaults(NEEDY, 1, log))
    assert found == mail_faults_of(MailFaults(NEEDY, 1, FaultLog()))
    assert set(log.injected) == set(MAIL_FAULTS)
    for answers in found.values():
        lasting = any(fault.is_lasting and fault.answer in answers.values() for fault in MAIL_FAULTS.values())
        assert list(answers) == ([0, 1, 2] if lasting else [0])


def test_mail_faults_are_dealt_to_those_who_ought_to_get_mail():
    others = [business("rich", needs_site=False), business("full", mailbox="full"), business("mute", email=None)]
    mail = MailFaults(others, 1, FaultLog())
    assert [mail.at("rcpt", f"{name}@{name}.test") for name in ("rich", "full", "mute")] == [None] * 3


def test_the_message_of_a_number_is_the_moment_of_a_crash():
    crashes = []
    mail = MailFaults([], 1, FaultLog(), (2, lambda: crashes.append("now")))
    for expected in ([], ["now"], ["now"]):
        mail.at("rcpt", "a@b.test")
        mail.at("data", "a@b.test")
        assert crashes == expected


@pytest.fixture
def town(clock, tmp_path):
    businesses = populate(read_place_file(packaged_sample()), leads=60, seed=1)
    return Town(businesses, clock, seed=1, folder=tmp_path)


@pytest.mark.parametrize(
    ("kind", "network", "providers"),
    [("none", False, False), ("network", True, False), ("providers", False, True), ("chaos", True, True)],
)
def test_each_kind_sets_the_hooks_of_its_own(town, clock, kind, network, providers):
    faults = Faults(kind, 1, MONDAY)
    faults.install(town, Simulation(clock), Crashes(clock))
    assert (isinstance(getattr(town.dns.interrupt, "__self__", None), NetworkFaults)) is network
    assert (isinstance(getattr(town.llm.fault_for, "__self__", None), ProviderFaults)) is providers
    assert (town.mail.fault_for is not None) is providers
    assert faults.injected.total() == faults.unanswered_messages == 0


def test_chaos_crashes_each_process_within_the_first_day_and_brings_it_back(town, clock):
    simulation, crashes, faults = Simulation(clock), Crashes(clock), Faults("chaos", 1, MONDAY)
    faults.install(town, simulation, crashes)
    simulation.run_until(MONDAY + timedelta(days=1))
    service = [(at, name) for at, name in crashes.seen if "service" in name]
    assert [name for _, name in service] == ["crash_tracking_service", "restart_tracking_service"] * 2
    assert all(
        back - gone == timedelta(minutes=30) for (gone, _), (back, _) in zip(service[::2], service[1::2], strict=True)
    )
    assert [name for _, name in crashes.seen if "database" in name] == ["crash_database", "await_database"]
    assert faults.injected == {"database_crash": 1, "tracking_service_crash": 2}


def test_the_messages_that_may_be_unknown_are_those_without_an_answer(town, clock):
    faults = Faults("providers", 1, MONDAY)
    faults.install(town, Simulation(clock), Crashes(clock))
    answers = [answer for one in town.businesses for answer in [town.mail.fault_for("data", one.email or "")]]
    assert faults.unanswered_messages == sum(answer in {"hang", "reset"} for answer in answers) >= 2


def test_the_page_lists_every_fault():
    text = (Path(__file__).parents[3] / "docs" / "town.md").read_text("utf-8").partition("## Faults")[2]
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", text.partition("\n## ")[0]))
    known = {*SITE_FAULTS, *NAME_FAULTS, *MODEL_FAULTS, *MAIL_FAULTS, *CRASHES}
    known |= {*provider_faults.PLACES_FAULTS, *provider_faults.OVERPASS_FAULTS, *provider_faults.TELEGRAM_FAULTS}
    assert known <= listed
