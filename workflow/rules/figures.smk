# What a figure or table reads of a case, by the task of the case.
DATA = {
    "ritz": ["history.parquet", "fields.nc"],
    "gradient_errors": ["gradient_errors.parquet"],
    "feature": ["feature.nc"],
    "landscape": ["landscape.nc"],
}


def entry_of(kind, wildcards):
    """The config entry of the figure or table at these wildcards."""
    groups = {"figures": CONFIG.figures, "tables": CONFIG.tables}[kind]
    return named(
        named(groups, wildcards.document, "document"), wildcards.name, kind[:-1]
    )


def data_of(kind):
    """An input function: the files that a figure or table is made from."""

    def files(wildcards):
        return [
            f"{RESULTS}/{case.folder}/{file}"
            for case in CONFIG.select(entry_of(kind, wildcards).data)
            for file in DATA[CONFIG.cases[case.experiment][case.case].task]
        ]

    return files


def entry_script(kind, prefix):
    """A parameter function: the entry script of the family that a figure or table belongs to."""
    return lambda wildcards: f"{prefix}_{entry_of(kind, wildcards).family}.py"


def entry_code(kind, prefix):
    """A parameter function: the digests of the code that draws a figure or makes a table."""
    return lambda wildcards: digest.code(
        f"{prefix}_{entry_of(kind, wildcards).family}.py"
    )


def entry_text(kind):
    """A parameter function: the config entry as JSON."""
    return lambda wildcards: entry_of(kind, wildcards).model_dump_json()


rule figure:
    input:
        data_of("figures"),
    output:
        pdf=f"{RESULTS}/figures/{{document}}/{{name}}.pdf",
        png=f"{RESULTS}/figures/{{document}}/{{name}}.png",
        data=f"{RESULTS}/figures/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/figures/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/figures/{{document}}/{{name}}.benchmark.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        script=entry_script("figures", "plot"),
        code=entry_code("figures", "plot"),
        entry=entry_text("figures"),
        tier=CONFIG.tier,
    script:
        "../../scripts/{params.script}"


rule table:
    input:
        data_of("tables"),
    output:
        csv=f"{RESULTS}/tables/{{document}}/{{name}}.csv",
        tex=f"{RESULTS}/tables/{{document}}/{{name}}.tex",
        data=f"{RESULTS}/tables/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/tables/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/tables/{{document}}/{{name}}.benchmark.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        script=entry_script("tables", "tabulate"),
        code=entry_code("tables", "tabulate"),
        entry=entry_text("tables"),
        tier=CONFIG.tier,
    script:
        "../../scripts/{params.script}"


rule figures:
    input:
        [f"{stem}.{suffix}" for stem in sorted(FIGURES) for suffix in FORMATS["figure"]],


rule tables:
    input:
        [f"{stem}.{suffix}" for stem in sorted(TABLES) for suffix in FORMATS["table"]],
