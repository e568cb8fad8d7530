"""What the soak has found in its own people, who do what the plugin's pages tell them."""

from types import SimpleNamespace

from blueops_qb.sandbox.soak.desktop.remedies import namesakes


def test_who_cannot_be_renamed_is_in_the_books_already_and_is_not_created_under_a_marked_name() -> None:
    used = "The name is already used in the books"
    held = [
        SimpleNamespace(waits_for="customer:6", reason=f"customer:6 cannot be created. {used}"),
        SimpleNamespace(waits_for="customer:6", reason=f"customer:6 cannot be created. {used}"),
        SimpleNamespace(waits_for=None, reason=f"customer:4: {used}"),
        SimpleNamespace(waits_for="vendor:2", reason="it needs vendor:2, which may be in the books already"),
    ]
    assert namesakes(held) == ["customer:6"]
