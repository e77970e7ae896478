"""Reads job events with the classes of OpenLineage's own client: unknown or missing fields, wrong versions and wrong values of the
closed lists are errors. `check.py EVENTS.ndjson`"""

import json
import re
import sys

import attr
from openlineage.client import event_v2
from openlineage.client.facet_v2 import column_lineage_dataset, job_type_job, schema_dataset, sql_job

SUBTYPES = {
    "DIRECT": {"IDENTITY", "TRANSFORMATION", "AGGREGATION"},
    "INDIRECT": {"JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"},
}


def make(cls, value, inner):
    """An object of the client from JSON: each member must be a field of the class."""
    assert isinstance(value, dict), (cls, value)
    known = {f.name for f in attr.fields(cls)}
    own = {}
    for name, member in value.items():
        assert name in known, f"{cls.__name__} has no `{name}`"
        own[name] = inner.get(name, lambda m: m)(member)
    url = own.pop("_schemaURL", None) or own.pop("schemaURL", None)
    made = cls(**{name.lstrip("_"): v for name, v in own.items()})
    if url is not None:
        assert url == cls._get_schema(), f"{url} is not {cls._get_schema()}"
    return made


def each(convert):
    return lambda items: [convert(i) for i in items]


def transformation(value):
    made = make(column_lineage_dataset.Transformation, value, {})
    assert made.subtype in SUBTYPES[made.type], value
    return made


def input_field(value):
    assert value["transformations"], value
    return make(column_lineage_dataset.InputField, value, {"transformations": each(transformation)})


def field(value):
    return make(schema_dataset.SchemaDatasetFacetFields, value, {"fields": each(field)})


def column_fields(value):
    return {n: make(column_lineage_dataset.Fields, f, {"inputFields": each(input_field)}) for n, f in value.items()}


FACETS = {
    "schema": lambda v: make(schema_dataset.SchemaDatasetFacet, v, {"fields": each(field)}),
    "columnLineage": lambda v: make(
        column_lineage_dataset.ColumnLineageDatasetFacet, v, {"fields": column_fields, "dataset": each(input_field)}
    ),
    "jobType": lambda v: make(job_type_job.JobTypeJobFacet, v, {}),
    "sql": lambda v: make(sql_job.SQLJobFacet, v, {}),
}


def facets(value):
    return {name: FACETS[name](facet) for name, facet in value.items()}


def event(value):
    return make(
        event_v2.JobEvent,
        value,
        {
            "job": lambda v: make(event_v2.Job, v, {"facets": facets}),
            "inputs": each(lambda v: make(event_v2.InputDataset, v, {"facets": facets})),
            "outputs": each(lambda v: make(event_v2.OutputDataset, v, {"facets": facets})),
        },
    )


seen = set()
fields = 0
for line in open(sys.argv[1], encoding="utf-8"):
    made = event(json.loads(line))
    # Format `uri` of the schema: a scheme before everything.
    assert re.match(r"^[a-z][a-z0-9+.-]*:", made.producer), made.producer
    assert made.job.name not in seen
    seen.add(made.job.name)
    (output,) = made.outputs
    names = {f.name for f in output.facets["schema"].fields} if "schema" in output.facets else set()
    lineage = output.facets["columnLineage"]
    assert set(lineage.fields) == names, (names, set(lineage.fields))
    inputs = {(i.namespace, i.name) for i in made.inputs}
    for f in [f for v in lineage.fields.values() for f in v.inputFields] + lineage.dataset:
        assert (f.namespace, f.name) in inputs, (f, inputs)
        fields += 1
assert fields > 10, fields
