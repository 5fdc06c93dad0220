"""The built-in scenarios do what they say, on real files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from athena.scripted.sample import write_sample
from tests.scripted.client import Stage, play, stage
from tests.support.wait import until


def last_words(transcript: str) -> str:
    return transcript.rpartition("agent  ")[2]


def unit_tests(folder: Path) -> int:
    command = [sys.executable, "-m", "unittest", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=30).returncode


async def test_fix_repairs_the_sample_project(tmp_path: Path) -> None:
    work = tmp_path / "work"
    write_sample(work)
    assert unit_tests(work) == 1
    seen = await play(tmp_path, "", prompts=("/play fix",))
    assert "ZeroDivisionError" not in seen and "IndexError" in seen
    assert "all tests pass" in last_words(seen)
    assert unit_tests(work) == 0


@pytest.mark.parametrize(
    ("answer", "words"), [("allow-once", "the example there works"), ("reject-once", "did not run")]
)
async def test_document_adds_a_feature(tmp_path: Path, answer: str, words: str) -> None:
    write_sample(tmp_path / "work")
    seen = await play(tmp_path, "", answer, prompts=("/play document",))
    assert words in last_words(seen)
    assert "def discounted" in (tmp_path / "work" / "basket.py").read_text()
    assert "27.0" in (tmp_path / "work" / "README.md").read_text()


async def test_fix_and_document_together(tmp_path: Path) -> None:
    work = tmp_path / "work"
    write_sample(work)
    await play(tmp_path, "", prompts=("/play fix",))
    seen = await play(tmp_path, "", "allow-once", prompts=("/play document",))
    assert "the example there works" in last_words(seen)
    assert unit_tests(work) == 0


async def test_default_writes_the_task_down(tmp_path: Path) -> None:
    seen = await play(tmp_path, "", "allow-once", prompts=("Tidy up",))
    assert (tmp_path / "work" / "TASKS.md").read_text() == "- Tidy up\n"
    assert "checked the file" in last_words(seen)


@pytest.mark.parametrize("keep", [True, False])
async def test_tour(tmp_path: Path, keep: bool) -> None:
    answers = ("allow-once", "Keep it" if keep else "Delete it")
    seen = await play(tmp_path, "", *answers, prompts=("/play tour",))
    assert "completed 'hello world\\n'" in seen
    assert "That was the tour" in last_words(seen)
    assert (tmp_path / "work" / "tour.py").exists() is keep


async def test_question(tmp_path: Path) -> None:
    seen = await play(tmp_path, "", "green", prompts=("/play question",))
    assert "agent  You said: green" in seen


async def test_crash_goes_on_after_a_resume(tmp_path: Path) -> None:
    async with stage(tmp_path) as first:
        await first.initialize()
        await first.open()
        with pytest.raises(ConnectionError):
            await first.prompt("/play crash")
    async with stage(tmp_path) as second:
        await second.initialize()
        await second.connection.resume_session(
            cwd=str(second.screen.cwd), session_id=first.session_id
        )
        second.session_id = first.session_id
        await second.prompt("go on")
        assert second.screen.lines[-1] == "agent  Both halves are written."
    assert (tmp_path / "work" / "crash.txt").read_text() == "first half\nsecond half\n"


async def test_silence_is_only_ended_by_a_kill(tmp_path: Path) -> None:
    async def turn(found: Stage) -> None:
        await found.prompt("/play silence")

    async with stage(tmp_path) as found:
        await found.initialize()
        await found.open()
        task = asyncio.create_task(turn(found))
        await until(lambda: "agent  I fall silent now." in found.screen.lines)
        await found.connection.cancel(session_id=found.session_id)
        found.process.terminate()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 0.2)
        found.process.kill()
        with pytest.raises(ConnectionError):
            await task


async def test_long_can_be_interrupted(tmp_path: Path) -> None:
    async with stage(tmp_path) as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt("/play long"))
        await until(lambda: any(line.startswith("tool") for line in found.screen.lines))
        await found.connection.cancel(session_id=found.session_id)
        assert (await turn).stop_reason == "cancelled"
