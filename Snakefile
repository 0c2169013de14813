"""Activation functions in physics-informed machine learning: all figures, tables and claims, defined by config.yaml.

Run `snakemake --cores 8 all`, or request a single file: `snakemake --cores 8 results/figures/deep_ritz/fig3.pdf`.
"""

PROJECT = Path(workflow.current_basedir)  # folder of this file; the run may be in another one, where its results go
IS_MODULE = PROJECT.resolve() != Path(workflow.basedir).resolve()  # of the workflow of another Snakefile
ENVIRONMENTS = str(PROJECT / "envs").replace("{", "{{").replace("}", "}}")  # Snakemake formats the paths of env files


configfile: f"{PROJECT}/config.yaml"
configfile: f"{PROJECT}/workflow/claims.yaml"


report: "workflow/report/templates/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/compute.smk"
include: "workflow/rules/exhibits.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/scorecards.smk"


# Rules of a few seconds, not submitted to a cluster; those of tasks set `local`.
localrules:
    all,
    figures,
    figure,
    tables,
    table,
    claims,
    claims_of_document,
    claims_page,
    captions,
    report,
    reference,
    scorecard,
    scorecard_table,
    scorecards,


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.claims.input,
