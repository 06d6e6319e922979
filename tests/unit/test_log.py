"""What the server says of itself on stderr."""

import pytest
import structlog

from quarterhour.web.up import configure_log


def test_a_trace_in_the_log_names_lines_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Found by random calls: a value in a trace may be a secret, and to draw them all took the loop 3.6 seconds."""
    before = structlog.get_config()
    try:
        configure_log()
        secret = "quite " + "secret"
        try:
            raise ValueError(len(secret))
        except ValueError as error:
            structlog.get_logger().error("request_broke", path="/api/runs", exc_info=error)
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().err
    assert "request_broke" in said
    assert "raise ValueError(len(secret))" in said
    assert "ValueError: 12" in said
    assert secret not in said
