"""What tests/spark/run does with the bucket of a server that runs on this machine.

    bucket.py make
    bucket.py list PREFIX
    bucket.py put FOLDER PREFIX
    bucket.py get PREFIX FOLDER
    bucket.py damage PREFIX     the first object below the prefix, by its last byte
"""

import os
import pathlib
import sys

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT"])
BUCKET = "bucket"


def names(prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
    return sorted(one["Key"] for page in pages for one in page.get("Contents", []))


def bytes_of(name):
    return s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()


def main(what, *rest):
    if what == "make":
        s3.create_bucket(Bucket=BUCKET)
    elif what == "list":
        print("\n".join(names(rest[0])), end="")
    elif what == "put":
        folder = pathlib.Path(rest[0])
        for path in sorted(folder.rglob("*.parquet")):
            s3.put_object(Bucket=BUCKET, Key=f"{rest[1]}/{path.relative_to(folder)}", Body=path.read_bytes())
    elif what == "get":
        for name in names(rest[0]):
            path = pathlib.Path(rest[1]) / pathlib.PurePosixPath(name).relative_to(rest[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes_of(name))
    elif what == "damage":
        name = names(rest[0])[0]
        whole = bytes_of(name)
        s3.put_object(Bucket=BUCKET, Key=name, Body=whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        sys.exit(f"bucket.py: {what} is nothing that it does")


main(*sys.argv[1:])
