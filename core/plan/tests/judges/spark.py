"""Judge of Databricks SQL: Spark's own parser (Java). Reads {"statements": [...]} from stdin, writes [null | "why not", ...]."""
import json
import os
import sys

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
from pyspark.sql import SparkSession

statements = json.load(sys.stdin)["statements"]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)
parser = spark._jsparkSession.sessionState().sqlParser()


def judge(sql):
    try:
        parser.parsePlan(sql)
    except Exception as refused:
        return str(refused).strip().splitlines()[0:3]
    return None


answers = [judge(sql) for sql in statements]
sys.stdout.write(json.dumps([None if a is None else " ".join(a) for a in answers]))
sys.stdout.flush()
spark.stop()
