"""Options of clusters, those of dask included."""

import warnings

import pytest
from conftest import CHECKOUT

from ewokshpc import local_scheduler
from ewokshpc import options
from ewokshpc import slurm_scheduler


def slurm(**kw):
    """Return the arguments that do not come from defaults."""
    given = {"walltime": None, "cores": None, "memory": None, "python": None, **kw}
    return options.slurm(given)


@pytest.mark.parametrize(
    "given, words",
    [
        ({"queue": "gpu", "gpus": 2}, ["--queue=gpu", "--gpus=2"]),
        (
            {"job_extra_directives": ["--gres=gpu:1", "-A x"]},
            ["--job-extra-directives=--gres=gpu:1", "--job-extra-directives=-A x"],
        ),
        ({"exclusive": True}, ["--exclusive"]),
        ({"exclusive": False, "queue": None}, []),
        ({"n_workers": 0}, ["--jobs=0"]),
        ({"n_workers": 5}, ["--jobs=5"]),
        ({"n_workers": 5, "processes": 2}, ["--processes=2", "--jobs=3"]),
        ({"n_workers": 5, "jobs": 2}, ["--jobs=2"]),
        ({"maximum_jobs": 4}, ["--min-jobs=0", "--max-jobs=4"]),
        ({"minimum_jobs": 1, "maximum_jobs": 4, "n_workers": 2}, ["--min-jobs=1", "--max-jobs=4"]),
        ({"project": "p"}, ["--account=p"]),
        ({"project": "p", "account": "a"}, ["--account=a"]),
        (
            {"job_extra": ["--x"], "env_extra": ["a=1"], "header_skip": ["-n"]},
            ["--job-extra-directives=--x", "--job-script-prologue=a=1", "--job-directives-skip=-n"],
        ),
        ({"name": "mine"}, ["--cluster=mine"]),
        ({"asynchronous": False, "scheduler_cls": None}, []),
        ({"job_mem": "10G", "memory": "8GB"}, ["--job-mem=10G"]),
    ],
)
def test_slurm(given, words):
    assert slurm(**given) == words


def test_defaults_of_ewoksdask():
    text = " ".join(options.slurm({"python": None}))
    assert text == "--walltime=01:00:00 --cores=2 --memory=8GB"
    assert options.slurm({"python": None, "mem_per_cpu": "1G"}) == [
        "--mem-per-cpu=1G",
        "--walltime=01:00:00",
        "--cores=2",
    ]
    assert options.slurm({"python": None, "pool": "gpu"}) == ["--pool=gpu"]


def every(fate):
    tables = {"local": options.LOCAL, "slurm": options.SLURM}
    return [(table, name) for table, fates in tables.items() for name in fates if isinstance(fates[name], fate)]


@pytest.mark.parametrize("table, name", every(options.Ignored))
def test_ignored_with_a_warning(table, name):
    with pytest.warns(UserWarning, match=f"option {name} has no effect: .+") as caught:
        assert getattr(options, table)({"python": None, "pool": "x", name: "value"}) == ["--pool=x"]
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(options, table)({name: None})


@pytest.mark.parametrize("table, name", every(options.Refused))
def test_refused_with_a_reason(table, name):
    with pytest.raises(TypeError, match=f"option {name}: .+"):
        getattr(options, table)({name: "value"})


def test_processes_of_a_local_cluster():
    assert options.local({"python": None, "processes": True}) == []
    with pytest.raises(TypeError, match='scheduler="multithreading"'):
        options.local({"processes": False})


@pytest.mark.parametrize(
    "scheduler, option, error, text",
    [
        (local_scheduler, {"colour": 1}, TypeError, "colour"),
        (local_scheduler, {"queue": "gpu"}, TypeError, "queue has no effect on workers that are processes"),
        (local_scheduler, {"jobs": 2}, TypeError, "jobs has no effect"),
        (local_scheduler, {"n_workers": "two"}, TypeError, "two"),
        (slurm_scheduler, {"no_such_option": 1}, TypeError, "no_such_option"),
        (slurm_scheduler, {"threads_per_worker": 2}, TypeError, "threads_per_worker has no effect"),
        (slurm_scheduler, {"walltime": "soon"}, ValueError, "soon"),
        (slurm_scheduler, {"memory": "8 apples"}, ValueError, "8 apples"),
        (slurm_scheduler, {"cores": 4, "processes": 3}, ValueError, "processes: 3 does not divide cores"),
    ],
)
def test_what_the_program_refuses(scheduler, option, error, text):
    with pytest.raises(error, match=text):
        scheduler(**option)


def test_every_option_is_in_the_documentation():
    text = CHECKOUT.joinpath("docs", "migration.md").read_text()
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            for name in cells[0].split(","):
                rows[name.strip().strip("`")] = cells[1:]
    for table in (options.LOCAL, options.SLURM):
        for name, fate in table.items():
            assert name in rows, name
            word = {options.Renamed: "becomes", options.Ignored: "no effect", options.Refused: "refused"}[type(fate)]
            assert any(word in cell for cell in rows[name]), (name, word, rows[name])
