"""Graphics processors: NVIDIA through nvidia-smi, AMD through sysfs; nothing where neither is present."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

DRM = Path("/sys/class/drm")
NVIDIA_PAUSE = 30.0
NVIDIA_FIELDS = "name,utilization.gpu,memory.used,memory.total,temperature.gpu"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card; None where the driver does not say. Percentages 0..100, degrees Celsius."""

    model: str
    utilization: float | None = None
    memory_percent: float | None = None
    temperature: float | None = None


class GpuReader:
    """Reads the cards. nvidia-smi is a process of its own and slow, so its answer is kept for 30 s."""

    def __init__(self) -> None:
        self._nvidia = shutil.which("nvidia-smi")
        self._amd = [card for card in sorted(DRM.glob("card[0-9]*/device")) if (card / "gpu_busy_percent").exists()]
        self._kept: list[Gpu] = []
        self._read_at = -NVIDIA_PAUSE

    def read(self) -> list[Gpu]:
        """All cards with their present values."""
        if self._nvidia and time.monotonic() - self._read_at >= NVIDIA_PAUSE:
            self._kept, self._read_at = parse_nvidia(_run_nvidia(self._nvidia)), time.monotonic()
        return [*self._kept, *(read_amd(card) for card in self._amd)]


def parse_nvidia(output: str) -> list[Gpu]:
    """Cards from `nvidia-smi --query-gpu` in CSV without header and units; unknown values read `[N/A]`."""
    cards = []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 5:
            utilization, used, total, temperature = (_number(cell) for cell in cells[1:])
            cards.append(Gpu(cells[0], utilization, _percent(used, total), temperature))
    return cards


def read_amd(device: Path) -> Gpu:
    """One amdgpu card from its sysfs folder."""
    used, total = _sysfs(device / "mem_info_vram_used"), _sysfs(device / "mem_info_vram_total")
    temperatures = [value for path in device.glob("hwmon/hwmon*/temp1_input") if (value := _sysfs(path)) is not None]
    return Gpu(
        "AMD GPU",
        _sysfs(device / "gpu_busy_percent"),
        _percent(used, total),
        temperatures[0] / 1000 if temperatures else None,
    )


def gpu_vitals(cards: list[Gpu]) -> dict[str, float]:
    """The node's GPU vitals: mean utilization and memory, hottest card; only what is known."""
    utilization = [card.utilization for card in cards if card.utilization is not None]
    memory = [card.memory_percent for card in cards if card.memory_percent is not None]
    temperature = [card.temperature for card in cards if card.temperature is not None]
    vitals = {}
    if utilization:
        vitals["gpu_utilization"] = sum(utilization) / len(utilization)
    if memory:
        vitals["gpu_memory_percent"] = sum(memory) / len(memory)
    if temperature:
        vitals["gpu_temp"] = max(temperature)
    return vitals


def _run_nvidia(program: str) -> str:
    command = [program, f"--query-gpu={NVIDIA_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _sysfs(path: Path) -> float | None:
    try:
        return _number(path.read_text())
    except OSError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None
