rule captions:
    input:
        claims=[f"{stem}.parquet" for stem in sorted(CLAIMS)],
    output:
        f"{RESULTS}/captions.json",
    log:
        f"{RESULTS}/captions.log",
    benchmark:
        f"{RESULTS}/captions.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=described_code("captions.py"),
        captions=caption_digests,
        config=config_text,
        origins=lambda wildcards: origins(),
    script:
        "../../scripts/captions.py"


rule report:
    input:
        captions=f"{RESULTS}/captions.json",
        claims=[f"{stem}.parquet" for stem in sorted(CLAIMS)],
        figures=[f"{stem}.pdf" for stem in sorted(FIGURES)],
        tables=[f"{stem}.parquet" for stem in sorted(TABLES)],
    output:
        f"{RESULTS}/report.pdf",
    log:
        f"{RESULTS}/report.log",
    benchmark:
        f"{RESULTS}/report.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=described_code("report.py"),
        introductions=introduction_digests,
        project=lambda wildcards: code_digest.project(),
        config=config_text,
        overlays=overlay_names,
    script:
        "../../scripts/report.py"
