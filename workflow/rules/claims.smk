rule claims_of_document:
    input:
        claimed_files,
    output:
        data=f"{RESULTS}/claims/{{document}}.parquet",
        csv=f"{RESULTS}/claims/{{document}}.csv",
        md=f"{RESULTS}/claims/{{document}}.md",
        html=report(
            f"{RESULTS}/claims/{{document}}.html",
            caption="../report/templates/claims.rst",
            category="Claims",
            labels=lambda wildcards: {"document": document_of(wildcards), "what": "verdicts"},
        ),
    log:
        f"{RESULTS}/claims/{{document}}.log",
    benchmark:
        f"{RESULTS}/claims/{{document}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=claims_code,
        entry=claims_text,
        looks=CONFIG.looks,
        document=lambda wildcards: wildcards.document,
        tier=CONFIG.tier,
    script:
        "../../scripts/claims.py"


rule claims_page:
    input:
        [f"{stem}.parquet" for stem in sorted(CLAIMS)],
    output:
        data=f"{RESULTS}/claims.parquet",
        csv=f"{RESULTS}/claims.csv",
        md=f"{RESULTS}/claims.md",
    log:
        f"{RESULTS}/claims/claims_page.log",
    benchmark:
        f"{RESULTS}/claims/claims_page.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("claims_page.py"),
    script:
        "../../scripts/claims_page.py"


rule claims:
    input:
        [f"{stem}.{suffix}" for stem in sorted(CLAIMS) for suffix in FORMATS["claim"]],
        rules.claims_page.output if CLAIMS else [],
