"""Judge of Databricks SQL: Spark's own parser (Java 17).

Reads {"statements": [...]} from stdin, writes [null | "why not", ...]. Only the parser is made, no session.
What Databricks has and Spark's grammar lacks is cut out first, and the rest is judged: see HEADS.
"""
import json
import sys

from pyspark.java_gateway import launch_gateway

# Spark 4.1 knows materialized views and streaming tables, but neither OR REPLACE nor OR REFRESH before them, and no REFRESH of them.
HEADS = [
    ("CREATE OR REPLACE MATERIALIZED VIEW ", "CREATE MATERIALIZED VIEW "),
    ("CREATE OR REFRESH STREAMING TABLE ", "CREATE STREAMING TABLE "),
]

statements = json.load(sys.stdin)["statements"]
gateway = launch_gateway()
parser = gateway.jvm.org.apache.spark.sql.execution.SparkSqlParser()


def judge(sql):
    for databricks, spark in HEADS:
        if sql.startswith(databricks):
            sql = spark + sql[len(databricks):]
    if sql.startswith("REFRESH STREAMING TABLE ") and sql.endswith(" FULL"):
        sql = "REFRESH TABLE " + sql[len("REFRESH STREAMING TABLE "):-len(" FULL")]
    try:
        parser.parsePlan(sql)
    except Exception as refused:
        lines = str(getattr(refused, "java_exception", refused)).strip().splitlines()
        return " ".join(lines[:4])
    return None


json.dump([judge(sql) for sql in statements], sys.stdout)
sys.stdout.flush()
gateway.shutdown()
