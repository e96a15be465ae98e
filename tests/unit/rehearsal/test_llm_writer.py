"""The simulated model writes what any schema asks for, from any prompt that names a business."""

import json
import re

import pytest

from leadgen_assets.rehearsal.servers.llm_writer import write_answer

LETTER = {
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "paragraphs": {"type": "array", "items": {"type": "string"}},
        "benefits": {"type": "array", "items": {"type": "string"}},
        "call_to_action": {"type": "string"},
        "intro": {"type": "string"},
    },
}
FACTS = {"business_name": "Café Aino", "trade": "café", "city": "Helsinki", "web_presence": "I found no website."}


@pytest.mark.parametrize(
    "prompt",
    [
        f"<data>\n{json.dumps(FACTS, indent=2)}\n</data>",
        "Business: Café Aino\nCategory: café\nLocation: Helsinki\nCurrent web presence: I found no website.",
        f"Write a letter from {json.dumps({'facts': [FACTS]})} {{with care}}",
    ],
)
def test_the_business_is_found_in_json_and_in_lines(prompt):
    answer = write_answer(prompt, LETTER, seed="1")
    assert "Café Aino" in answer["subject"]
    assert len(answer["subject"]) <= 60
    assert "Helsinki" in answer["paragraphs"][0]
    assert "I found no website." in answer["paragraphs"][0]
    assert len(answer["paragraphs"]) == len(answer["benefits"]) == len(set(answer["benefits"])) == 3


def test_the_same_seed_writes_the_same_and_another_writes_something_else():
    prompt = json.dumps(FACTS)
    letters = [json.dumps(write_answer(prompt, LETTER, seed=str(seed))) for seed in range(20)]
    assert letters == [json.dumps(write_answer(prompt, LETTER, seed=str(seed))) for seed in range(20)]
    assert len(set(letters)) > 15


def test_only_an_embellished_answer_holds_a_figure():
    for seed in range(20):
        honest = str(write_answer(json.dumps(FACTS), LETTER, seed=str(seed)))
        embellished = str(write_answer(json.dumps(FACTS), LETTER, seed=str(seed), embellish=True))
        assert not re.search(r"\d", honest)
        assert re.search(r"\d\d %", embellished)


def test_any_schema_is_honoured():
    schema = {
        "type": "object",
        "properties": {
            "tone": {"enum": ["warm", "plain"]},
            "score": {"type": "integer", "minimum": 3},
            "certain": {"type": "boolean"},
            "note": {"type": ["string", "null"], "maxLength": 12},
            "sections": {
                "type": "array",
                "minItems": 2,
                "items": {"type": "object", "properties": {"title": {"type": "string"}}},
            },
        },
    }
    answer = write_answer("name: Parturi Oy", schema, seed="1")
    assert answer["tone"] in {"warm", "plain"}
    assert answer["score"] == 3
    assert answer["certain"] is False
    assert 0 < len(answer["note"]) <= 12
    assert [set(section) for section in answer["sections"]] == [{"title"}, {"title"}]


def test_a_prompt_without_facts_still_gets_an_answer_of_the_usual_shape():
    answer = write_answer("Hello", None, seed="1")
    assert set(answer) == {"subject", "intro", "paragraphs", "benefits", "call_to_action"}
    assert all(answer.values())


def test_a_name_with_braces_and_of_any_length_is_taken_as_it_is():
    prompt = json.dumps({"business_name": "{Curly} " + "x" * 80})
    answer = write_answer(prompt, LETTER, seed="1")
    assert answer["subject"].startswith("{Curly}")
    assert len(answer["subject"]) == 60
