"""What a policy directory may contain, and how it is refused."""

import subprocess
from datetime import UTC, datetime

import pytest

from octokube_hub.policy import PolicyError, Subject, load_policy, sources
from octokube_hub.policy.lint import find_shadowed
from octokube_hub.policy.model import MODEL

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALICE = Subject("user:alice")
ROW = "p, user:alice, demo, payments, pods, *, read, always, allow"


def test_comments_blank_lines_quotes_spaces_and_byte_order_marks_are_understood(build):
    policy = build(
        policy='\ufeff# a comment\r\n\r\n  p ,"user:alice",demo,  payments , pods,*, read|logs ,'
        '"Mon-Fri 09:00-12:00,13:00-18:00 UTC", allow   # why\r\n',
        teams="   # nothing but a comment\n\n",
    )
    (row,) = policy.rows
    assert row.columns == (
        "user:alice",
        "demo",
        "payments",
        "pods",
        "*",
        "read|logs",
        "Mon-Fri 09:00-12:00,13:00-18:00 UTC",
        "allow",
    )
    assert (row.file, row.line) == ("policy.csv", 3)
    assert policy.scope(ALICE, AT).is_empty is True  # at noon, between the two ranges
    assert policy.scope(ALICE, AT.replace(hour=13)).allows("demo", "pods", "payments", "api", "logs")


def test_a_hash_within_a_word_is_no_comment(build):
    assert build(policy='p, user:alice, demo, payments, pods, "a #b", read, always, allow').rows[0].columns[4] == "a #b"


def test_rows_of_either_kind_may_stand_in_either_file(build):
    policy = build(policy="g, user:alice, team:a", teams="p, team:a, demo, payments, pods, *, read, always, allow")
    assert policy.scope(ALICE, AT).allows("demo", "pods", "payments", "x", "get")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("p, alice, demo, payments, pods, *, read, always, allow", "'alice' is not a subject; write user:NAME"),
        ("p, user:*, demo, payments, pods, *, read, always, allow", "subjects are no patterns"),
        ("p, user:alice, demo, payments, pods, *, read, always, permit", "allow or deny, not 'permit'"),
        (
            "p, user:alice, demo, payments, pods, *, reed, always, allow",
            "unknown verb 'reed' in 'reed'; did you mean read?",
        ),
        ("p, user:alice, demo, payments, pods, *, read|*, always, allow", "write it alone"),
        ("p, user:alice, demo, payments, pods, *, read||logs, always, allow", "an empty verb"),
        ("p, user:alice, demo, payments, pods, *, Get, always, allow", "unknown verb 'Get'"),
        ("p, user:alice, demo, payments, Pods, *, read, always, allow", "lower case; write pods"),
        ("p, user:alice, demo, payments, pod, *, read, always, allow", "did you mean pods?"),
        ("p, user:alice, demo, payments, deployments, *, read, always, allow", "write deployments.apps"),
        ("p, user:alice, demo, payments, widgets, *, read, always, allow", "custom types need their group"),
        ("p, user:alice, demo, payments, pods/exce, *, create, always, allow", "did you mean exec?"),
        (
            "p, user:alice, demo, payments, pods/exec, *, get, always, allow",
            "does not answer to 'get'; it knows create",
        ),
        ("p, user:alice, demo, payments, pods/exec, *, exec, always, allow", "write pods with exec"),
        ("p, user:alice, demo, payments, secrets/exec, *, create, always, allow", "is a subresource of pods"),
        ("p, user:alice, demo, payments, secrets, *, logs, always, allow", "'logs' exists on pods only"),
        ("p, user:alice, demo, payments, pods/*, *, deletecollection, always, allow", "no subresource answers to"),
        ("p, user:alice, demo, payments, pods, api-[a, read, always, allow", "never closed"),
        ("p, user:alice, demo, payments, pods, [z-a], read, always, allow", "runs backwards"),
        ("p, user:alice, demo, , pods, *, read, always, allow", "the namespace cannot be read: it is empty"),
        ("p, user:alice, demo, Payments, pods, *, read, always, allow", "write payments"),
        ("p, user:alice, demo, payments, pods, *, read, @office, allow", "there is no window '@office'"),
        ("p, user:alice, demo, payments, pods, *, read, never, allow", "the window cannot be read"),
        ("p, user:alice, demo, payments, pods, *, read, allow", "a p row has 9 fields and this has 8"),
        ("p, user:alice, demo, payments, pods, *, read, always, allow, really", "this has 10"),
        ('p, "user:alice, demo', "a quote is never closed"),
        ('p, "user:alice" x, demo', "text follows the closing quote"),
        ('p, user:"alice", demo', "put the whole field in quotes"),
        ("q, user:alice", "a row begins with p or g, not 'q'"),
        ("g, user:alice, user:bob", "cannot have members"),
        ("g, user:alice", "a g row has 3 or 4 fields"),
        ("g, user:alice, role:everyone", "everyone is in role:everyone already"),
        ("g, team:a, team:a", "a member of itself"),
        ("g, user:alice, team:a, @nope", "there is no window '@nope'"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line_and_a_remedy(problems, row, words):
    (problem,) = problems(policy=f"# first line\n{ROW}\n{row}\n")
    assert (problem.file, problem.line, problem.severity) == ("policy.csv", 3, "error")
    assert words in problem.message
    assert str(problem).startswith("policy.csv:3: ")


def test_all_problems_of_all_files_are_reported_at_once(problems):
    found = problems(
        policy="p, user:alice, demo, payments, pods, *, reed, always, permit\nx\n",
        teams="g, user:alice, user:bob\n",
        windows="a: { daily: noon, zone: UTC }\nb: { daily: 09:00-10:00, zone: Nowhere }\n",
    )
    assert [(problem.file, problem.line) for problem in found] == [
        ("policy.csv", 1),
        ("policy.csv", 1),
        ("policy.csv", 2),
        ("teams.csv", 1),
        ("windows.yaml", 1),
        ("windows.yaml", 2),
    ]


def test_a_row_that_uses_a_broken_window_is_not_reported_as_well(problems):
    found = problems(policy="p, user:alice, demo, *, pods, *, read, @a, allow", windows="a: { daily: noon, zone: UTC }")
    assert [problem.file for problem in found] == ["windows.yaml"]


def test_memberships_in_a_circle_are_refused_with_the_whole_circle(problems):
    (problem,) = problems(teams="g, team:a, team:b\ng, team:b, role:c\ng, role:c, team:a\ng, user:alice, team:a\n")
    assert (problem.file, problem.line) == ("teams.csv", 3)
    assert "team:a → team:b → role:c → team:a" in problem.message


def test_a_chain_of_a_thousand_teams_is_followed(build):
    chain = "\n".join(f"g, team:t{number}, team:t{number + 1}" for number in range(2000))
    policy = build(
        policy="p, team:t2000, demo, *, pods, *, get, always, allow", teams=f"g, user:alice, team:t0\n{chain}"
    )
    assert policy.scope(ALICE, AT).allows("demo", "pods", "payments", "x", "get")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (" && !some(where (p.eft == deny))", "", "any matching deny wins"),
        ("some(where (p.eft == allow)) && ", "", "any matching deny wins"),
        (" && open(p.window, r.at)", "", "[matchers] cannot be changed"),
        ("r.groups, p.sub) &&", "r.groups, p.sub) ||", "[matchers] cannot be changed"),
        ("window, eft", "window", "[policy_definition] cannot be changed"),
        ("[matchers]", "[role_definition]\ng = _, _\n\n[matchers]", "section [role_definition] does not belong here"),
        ("[policy_effect]", "[policy_effects]", "section [policy_effect] is missing"),
        ("e = ", "e2 = ", "any matching deny wins"),
    ],
)
def test_a_model_that_could_lose_a_deny_is_refused(problems, old, new, words):
    assert old in MODEL
    found = problems(policy=ROW, **{"model.conf": MODEL.replace(old, new)})
    assert any(words in problem.message for problem in found)
    assert {problem.file for problem in found} == {"model.conf"}


def test_a_second_effect_after_the_right_one_is_refused(problems):
    text = MODEL + "\n[policy_effect]\ne = some(where (p.eft == allow))\n"
    assert "any matching deny wins" in problems(policy=ROW, **{"model.conf": text})[0].message


def test_a_model_may_be_commented_and_laid_out_freely(build):
    text = "# ours\n" + MODEL.replace(", ", " ,   ").replace(" && glob(r.cl", " && \\\n   glob(r.cl")
    assert build(policy=ROW, **{"model.conf": text}).scope(ALICE, AT).allows("demo", "pods", "payments", "x", "get")


def test_an_empty_directory_allows_nobody_anything(tmp_path):
    policy = load_policy(tmp_path)
    assert policy.rows == ()
    assert policy.scope(ALICE, AT).is_empty


def test_files_that_are_not_utf_8_or_torn_are_refused(tmp_path):
    (tmp_path / "policy.csv").write_bytes(ROW.encode() + b"\np, user:\xff\n")
    (tmp_path / "teams.csv").write_bytes(b"g, user:alice, team:a\n\0\0\0\0")
    with pytest.raises(PolicyError) as refused:
        load_policy(tmp_path)
    assert [(problem.file, problem.line) for problem in refused.value.problems] == [("policy.csv", 2), ("teams.csv", 2)]


def test_a_file_that_cannot_be_read_is_refused_and_not_taken_for_absent(tmp_path):
    (tmp_path / "policy.csv").mkdir()
    with pytest.raises(PolicyError, match=r"policy\.csv: this is not a file"):
        load_policy(tmp_path)


def test_unknown_files_are_ignored_with_a_warning(tmp_path):
    (tmp_path / "policy.csv").write_text(ROW)
    for name in ("polcy.csv", "README.md", ".hidden", "policy.csv~"):
        (tmp_path / name).write_text("p, nonsense")
    (tmp_path / "tests").mkdir()
    assert [warning.file for warning in load_policy(tmp_path).warnings] == ["README.md", "polcy.csv"]


def test_a_revision_follows_the_content_and_nothing_else(build):
    assert build(policy=ROW).revision == build(policy=ROW).revision
    assert build(policy=ROW).revision != build(policy=ROW + "\n").revision
    assert build(policy=ROW).revision != build(teams=ROW).revision
    assert len(build(policy=ROW).revision) == 12


def test_a_commit_is_named_only_when_the_directory_is_clean(tmp_path):
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=alice", "-c", "user.email=alice@example.com", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout

    (tmp_path / "policy.csv").write_text(ROW)
    assert load_policy(tmp_path).commit is None
    git("init", "-q")
    assert load_policy(tmp_path).commit is None
    git("add", ".")
    git("commit", "-qm", "Begin")
    assert load_policy(tmp_path).commit == git("rev-parse", "HEAD").strip()
    read_before = sources.read_sources(tmp_path)
    (tmp_path / "policy.csv").write_text(ROW + "\n")
    assert load_policy(tmp_path).commit is None
    git("commit", "-qam", "Go on")
    assert load_policy(tmp_path).commit is not None
    assert sources.find_commit(tmp_path, read_before) is None  # what was read is in the commit before
    (tmp_path / ".gitignore").write_text("teams.csv\n")
    git("add", ".gitignore")
    git("commit", "-qm", "Ignore")
    assert load_policy(tmp_path).commit is not None
    (tmp_path / "teams.csv").write_text("g, user:alice, team:a\n")
    assert load_policy(tmp_path).commit is None  # nobody has reviewed it there


def test_what_is_valid_and_probably_not_meant_is_warned_about(build):
    policy = build(
        policy="p, role:ghost, demo, payments, pods, *, read, always, allow\n"
        "p, user:alice, demo, payments, nodes, *, read, always, allow\n"
        "p, user:alice, demo, cluster, pods, *, read, always, allow\n"
        "p, user:alice, demo, a, pods, *, read, 2020-01-01T00:00Z/2020-02-01T00:00Z, allow\n"
        "p, user:alice, demo, b, pods, *, get|list|watch, always, allow\n"
        "p, user:alice, demo, b, pods, *, read, always, allow\n",
        windows="unused: { daily: 09:00-10:00, zone: UTC }",
    )
    assert [(warning.file, warning.line) for warning in policy.warnings] == [
        *(("policy.csv", line) for line in (1, 2, 3, 4, 6)),
        ("windows.yaml", 1),
    ]
    assert all(warning.severity == "warning" for warning in policy.warnings)


def test_rows_wholly_shadowed_by_a_deny_are_found(build):
    policy = build(
        policy="p, user:alice, demo, payments, secrets, *, get, always, allow\n"
        "p, user:alice, demo, pay*, pods, api-1, read, @x, allow\n"
        "p, user:alice, demo, payments, pods, *, read, always, allow\n"
        "p, role:everyone, *, *, secrets, *, *, always, deny\n"
        "p, user:alice, d*, pay*, pods, api-*, *, @x, deny\n",
        windows="x: { daily: 09:00-10:00, zone: UTC }",
    )
    assert [(problem.line, problem.message.split(": ")[1]) for problem in find_shadowed(policy.rows)] == [
        (1, "policy.csv:4 denies all of it"),
        (2, "policy.csv:5 denies all of it"),
    ]
