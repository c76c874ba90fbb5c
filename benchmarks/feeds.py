"""How fast a county's files are read, checked and written: 14 files, 600,000 rows, mixed kinds.

Run: `python benchmarks/feeds.py [FOLDER]`. People are invented; numbers go into feeds.md by hand.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from rustpy_xlsxwriter import FastExcel

from xianjie.engines import Engine, open_engine
from xianjie.feeds import discover, read_feeds, read_layouts

WHO = "id_no AS 身份证号, name AS 姓名, sex AS 性别, town AS 乡镇, village AS 行政村, phone AS 联系电话"
# layout → department, ending, rows, columns besides who
FILES = {
    "insurance_roll": (
        "medical_insurance",
        "csv",
        200_000,
        "'城乡居民基本医疗保险' AS 险种, 2024 AS 参保年度, '正常参保' AS 参保状态, 380 AS 缴费金额",
    ),
    "medical_bills": (
        "medical_insurance",
        "csv",
        60_000,
        "i AS 序号, '住院' AS 就医类别, '2024-03-05' AS 结算日期, i * 1.5 AS 总费用, i * 0.5 AS 个人自付",
    ),
    "national_members": (
        "revitalisation",
        "csv",
        120_000,
        "'P' || i AS 人员编号, 'H' || (i // 4) AS 户编号, '之子' AS 与户主关系, "
        "'小学' AS 文化程度, '健康' AS 健康状况, '1990/1/1' AS 出生日期",
    ),
    "national_households": (
        "revitalisation",
        "parquet",
        60_000,
        "'H' || i AS 户编号, '脱贫户' AS 户类型, 3 AS 家庭人口数, '629901001001' AS 行政村代码",
    ),
    "school_roll": (
        "education",
        "xlsx",
        30_000,
        "'某小学' AS 学校名称, '小学' AS 年级, '是' AS 是否在籍, 0 AS 缺课天数, 100 AS 学年资助金额",
    ),
    "employment": (
        "human_resources",
        "xlsx",
        30_000,
        "'2024-01-01' AS 务工开始时间, '省外' AS 务工区域, 4000 AS 月工资",
    ),
    "house_grades": ("housing", "xlsx", 20_000, "'A级' AS 房屋安全等级, 80.5 AS 住房面积, '2024年1月1日' AS 鉴定日期"),
    "water_supply": ("water", "csv", 20_000, "50 AS 人均日供水量, '合格' AS 水质, '2024-01-01' AS 评估日期"),
    "disability_certificates": (
        "disabled",
        "xlsx",
        8_000,
        "id_no || '41' AS 残疾人证号, '肢体' AS 残疾类别, '一级' AS 残疾等级",
    ),
    "benefits": ("civil_affairs", "csv", 20_000, "'低保金' AS 发放项目, '2024-01-01' AS 发放日期, 300 AS 发放金额"),
    "assistance_list": ("civil_affairs", "csv", 12_000, "'低保' AS 救助类别, '2024-01-01' AS 认定日期"),
    "vehicles": ("public_security", "csv", 10_000, "'小型轿车' AS 车辆类型, '2020-01-01' AS 登记日期"),
    "vital_events": ("public_security", "csv", 2_000, "'死亡' AS 变动类型, '2020-01-01' AS 变动日期"),
    "illnesses": ("health", "csv", 8_000, "'是' AS 是否大病, '尿毒症' AS 病种, '2020-01-01' AS 确诊日期"),
}


def people(engine: Engine) -> None:
    engine.run("""
        CREATE TABLE people AS
        SELECT i, '62990119' || lpad((i % 100)::VARCHAR, 2, '0') || lpad((i % 12 + 1)::VARCHAR, 2, '0')
                  || lpad((i % 28 + 1)::VARCHAR, 2, '0') || lpad((i % 10000)::VARCHAR, 4, '0') AS id_no,
               ['张', '王', '李', '赵'][i % 4 + 1] || ['伟', '芳', '娜', '强', '磊'][i % 5 + 1] AS name,
               ['男', '女'][i % 2 + 1] AS sex, '乡镇' || (i % 20) AS town, '村' || (i % 300) AS village,
               '138' || lpad(i::VARCHAR, 8, '0') AS phone
        FROM range(200000) r(i)
    """)


def write(engine: Engine, folder: Path) -> None:
    for layout, (department, ending, rows, columns) in FILES.items():
        path = folder / department / f"{layout}-20240305.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        query = f"SELECT {WHO}, {columns} FROM people WHERE i < {rows} ORDER BY i"
        if ending == "xlsx":
            FastExcel(str(path)).sheet("Sheet1", engine.records(query)).save()
        else:
            engine.run(f"COPY ({query}) TO '{path}'")
            if layout in ("insurance_roll", "medical_bills"):
                path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))


def cpu() -> tuple[float, float]:
    """CPU seconds of this process and of its Excel readers."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, readers = (one.ru_utime + one.ru_stime for one in used)
    return own, readers


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        folder, out = Path(place) / "feeds", Path(place) / "out"
        with open_engine() as engine:
            people(engine)
            write(engine, folder)
        layouts = read_layouts()
        before = sum(cpu())
        started = time.monotonic()
        readings = read_feeds(discover(folder, layouts), layouts, out)
        seconds = time.monotonic() - started
        own, readers = cpu()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        problems = [reading.problem.text for reading in readings if reading.problem]
        print(f"files {len(readings)}  rows {sum(reading.counts.rows for reading in readings):,}  problems {problems}")
        print(f"wall {seconds:.1f} s  CPU {own + readers - before:.1f} s, of it Excel readers {readers:.1f} s")
        print(f"peak memory {used[0].ru_maxrss // 1024} MB, Excel reader {used[1].ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
