"""A model and a voice that need no key: the model repeats and follows commands, the voice hums."""

from __future__ import annotations

import json
import math
import uuid
from array import array
from typing import Any

from livekit.agents import llm, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

RATE_HZ = 24_000
WORD_S = 0.12
PITCHES_HZ = (330, 392, 440)


class ScriptedLLM(llm.LLM):
    """Repeats what it is told; says goodbye and hangs up at "bye".

    A text that begins with a tool's name uses the tool: "save_meal two eggs". The words are the value of its
    first required parameter; a model would fill in all of them.
    """

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_: Any,
    ) -> llm.LLMStream:
        """Return the answer to the last entry of the conversation."""
        return ScriptedAnswer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class ScriptedAnswer(llm.LLMStream):
    """One answer."""

    async def _run(self) -> None:
        last = self.chat_ctx.items[-1]
        if last.type == "function_call_output":
            failed = " failed" if last.is_error else ""
            self._send(f"{last.name}{failed}: {last.output}")
        elif last.type == "message" and last.role == "user":
            self._answer(last.text_content or "")

    def _answer(self, text: str) -> None:
        name, _, words = text.partition(" ")
        tool = next((each for each in self.tools if each.id == name), None)
        if text.strip().lower().rstrip(".!") in ("bye", "goodbye"):
            self._send("Goodbye!", "hang_up", {})
        elif isinstance(tool, llm.RawFunctionTool):
            needed = tool.info.raw_schema["parameters"].get("required", [])
            self._send(None, name, dict.fromkeys(needed[:1], words))
        else:
            self._send(f"You said: {text}")

    def _send(
        self, content: str | None, tool: str | None = None, arguments: dict[str, str] | None = None
    ) -> None:
        calls = []
        if tool:
            call_id = f"call_{uuid.uuid4().hex}"
            calls = [llm.FunctionToolCall(name=tool, arguments=json.dumps(arguments), call_id=call_id)]
        delta = llm.ChoiceDelta(role="assistant", content=content, tool_calls=calls)
        self._event_ch.send_nowait(llm.ChatChunk(id=uuid.uuid4().hex, delta=delta))


class ToneTTS(tts.TTS):
    """Hums a tone for each word."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE_HZ, num_channels=1
        )

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Return the sound of a text."""
        return Tones(tts=self, input_text=text, conn_options=conn_options)


class Tones(tts.ChunkedStream):
    """The sound of one text."""

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=uuid.uuid4().hex, sample_rate=RATE_HZ, num_channels=1, mime_type="audio/pcm"
        )
        for number, _ in enumerate(self.input_text.split()):
            output_emitter.push(tone(PITCHES_HZ[number % len(PITCHES_HZ)]))
        output_emitter.flush()


def tone(pitch_hz: int) -> bytes:
    """Return a sine tone as 16-bit samples."""
    samples = range(int(RATE_HZ * WORD_S))
    return array("h", (int(8000 * math.sin(2 * math.pi * pitch_hz * n / RATE_HZ)) for n in samples)).tobytes()
