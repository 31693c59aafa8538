"""What is read from the machine and what is made of it."""

import json
import math
import queue
import threading
from pathlib import Path

import psutil
import pytest
from omega_agent.config import RANGES
from omega_agent.devices import counted_disks, counted_interfaces, total_storage_bytes
from omega_agent.errors import AgentError
from omega_agent.gpu import Gpu, gpu_vitals, parse_nvidia, read_amd
from omega_agent.machine import read_cpu_model, read_machine, read_machine_id
from omega_agent.processes import ProcessReader, Usage, clean, top_usages
from omega_agent.runner import Messages, beat
from omega_agent.scrub import scrub_command
from omega_agent.vitals import Counters, VitalsReader, rates, tidy

PERCENT = ("cpu_percent", "ram_percent", "swap_percent", "disk_percent", "disk_io_wait_percent")


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def test_vitals_of_this_machine_are_plausible_and_finite() -> None:
    reader = VitalsReader()
    vitals = reader.read()
    assert all(0 <= vitals[name] <= 100 for name in PERCENT)
    assert len(vitals["cpu_per_core"]) == psutil.cpu_count()
    assert 0 < vitals["ram_used_gb"] < psutil.virtual_memory().total / 1e9
    assert isinstance(vitals["process_count"], int) and vitals["uptime_seconds"] > 0
    json.dumps(vitals, allow_nan=False)


def test_rates_are_decimal_megabytes_per_second_and_never_negative() -> None:
    before = Counters(100.0, 0, 5_000_000, 10, 20)
    after = Counters(110.0, 30_000_000, 4_000_000, 10, 1_000_020)
    assert rates(before, after) == {
        "disk_read_mb_s": 3.0,
        "disk_write_mb_s": None,
        "net_sent_mb_s": 0.0,
        "net_recv_mb_s": 0.1,
    }
    assert set(rates(before, before).values()) == {None}


def test_tidy_leaves_out_what_is_not_finite() -> None:
    assert [tidy(value) for value in (1.23456, math.nan, math.inf, 7, None)] == [1.235, None, None, 7, None]
    assert tidy([1.0001, 2.0]) == [1.0, 2.0]


def test_disks_and_interfaces_are_counted_once(tmp_path: Path) -> None:
    block = folders(tmp_path / "block", "sda/device", "nvme0n1/device", "dm-0", "loop0", "md127")
    assert counted_disks(["sda", "sda1", "nvme0n1", "dm-0", "loop0", "md127"], block) == {"sda", "nvme0n1"}
    assert counted_disks(["xvda", "xvda1"], folders(tmp_path / "cloud", "xvda")) == {"xvda"}
    net = folders(tmp_path / "net", "eth0/device", "docker0", "lo", "veth1")
    assert counted_interfaces(["lo", "eth0", "docker0", "veth1"], net) == {"eth0"}
    assert counted_interfaces(["lo", "veth1"], net) == {"veth1"}


def test_storage_is_the_sum_of_fixed_physical_disks(tmp_path: Path) -> None:
    for name, sectors, removable in (("sda", 1000, 0), ("sdb", 500, 0), ("sdc", 7, 1), ("sr0", 9, 0)):
        folders(tmp_path, f"{name}/device")
        (tmp_path / name / "size").write_text(f"{sectors}\n")
        (tmp_path / name / "removable").write_text(f"{removable}\n")
    assert total_storage_bytes(tmp_path) == 1500 * 512


def test_nvidia_cards_are_parsed_and_combined() -> None:
    output = "NVIDIA A100, 80, 10240, 40960, 61\nNVIDIA A100, 40, [N/A], 40960, 70\nbroken line\n"
    cards = parse_nvidia(output)
    assert cards == [Gpu("NVIDIA A100", 80, 25.0, 61), Gpu("NVIDIA A100", 40, None, 70)]
    assert gpu_vitals(cards) == {"gpu_utilization": 60.0, "gpu_memory_percent": 25.0, "gpu_temp": 70}
    assert gpu_vitals([]) == {}


def test_amd_card_is_read_from_sysfs(tmp_path: Path) -> None:
    folders(tmp_path, "hwmon/hwmon3")
    for name, text in (("gpu_busy_percent", "37"), ("mem_info_vram_used", "1"), ("mem_info_vram_total", "4")):
        (tmp_path / name).write_text(text)
    (tmp_path / "hwmon/hwmon3/temp1_input").write_text("54000")
    assert read_amd(tmp_path) == Gpu("AMD GPU", 37, 25.0, 54.0)


def test_this_machine_introduces_itself() -> None:
    facts = read_machine("http://127.0.0.1:1", machine_id="m1")
    assert facts["machine_id"] == "m1" and facts["total_cpu_cores"] == psutil.cpu_count()
    assert facts["total_memory_gb"] == round(psutil.virtual_memory().total / 1e9, 3)
    assert facts["os_name"] and facts["cpu_model"] and facts["total_storage_gb"] > 0


def test_machine_id_comes_from_the_first_file_that_has_one(tmp_path: Path) -> None:
    empty, second = tmp_path / "empty", tmp_path / "second"
    empty.write_text("\n")
    with pytest.raises(AgentError, match="machine-id"):
        read_machine_id((empty, second))
    second.write_text("abc\n")
    assert read_machine_id((empty, second)) == "abc"


def test_cpu_model_is_read_or_named_by_architecture(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast One: 2 GHz\n")
    assert read_cpu_model(tmp_path / "cpuinfo") == "Fast One: 2 GHz"
    assert read_cpu_model(tmp_path / "absent")


def test_processes_are_bounded_and_described() -> None:
    rows = ProcessReader().read()
    assert 0 < len(rows) <= 40
    assert all(0 <= row["cpu_percent"] <= 100 and 0 <= row["memory_percent"] <= 100 for row in rows)
    assert all(len(row["command"]) <= 256 for row in rows)


def test_top_processes_are_the_union_of_busiest_and_largest() -> None:
    own = psutil.Process()
    others = [psutil.Process(pid) for pid in psutil.pids()[:2] if pid != own.pid]
    usages = [Usage(own, 5.0, 10), *(Usage(one, 50.0, 99) for one in others)]
    assert [usage.process.pid for usage in top_usages(usages)][-1] == own.pid
    assert len(top_usages([Usage(own, 1.0, 1)] * 100)) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["mysql", "--password=abc def", "-uroot"], "mysql --password=*** -uroot"),
        (["a", "--token", "xyz", "--verbose"], "a --token *** --verbose"),
        (["env", "API_KEY=1", "PGPASSWORD=2", "run"], "env API_KEY=*** PGPASSWORD=*** run"),
        (["java", "-Dspring.password=x", "-jar"], "java -Dspring.password=*** -jar"),
        (["curl", "-H", "Authorization: Bearer abc.def"], "curl -H Authorization: Bearer ***"),
        (["curl", "https://me:pw@host/x?access_token=q&y=1"], "curl https://me:***@host/x?access_token=***&y=1"),
        (["omega-agent", "x", "omg_abcdef123456_7"], "omega-agent x ***"),
        (["git", "--no-password-prompt", "--x"], "git --no-password-prompt --x"),
        (["odd\x00\n\udc80"], "odd???"),
        (["make", "-j4", "all"], "make -j4 all"),
    ],
)
def test_command_lines_lose_obvious_secrets(words: list[str], line: str) -> None:
    assert scrub_command(words) == line


def test_long_command_line_is_cut_after_scrubbing() -> None:
    line = scrub_command(["x" * 240, "--password=topsecret", "y" * 5000])
    assert len(line) == 256 and line.endswith("…") and "topsecret" not in line


def test_clean_text_survives_every_json_reader() -> None:
    assert clean("a\x00b\udcffc") == "a?b?c"


def test_failed_measurement_does_not_end_the_beat() -> None:
    messages: Messages = queue.SimpleQueue()
    made: list[int] = []

    def measure() -> None:
        made.append(1)
        if len(made) == 3:
            messages.put("stop")
        raise OSError("too many open files")

    thread = threading.Thread(target=beat, args=(measure, messages, RANGES["vitals_seconds"][0]), daemon=True)
    thread.start()
    thread.join(5)
    assert len(made) == 3 and not thread.is_alive()
