"""Reads a JSON list of contracts, and writes for each what `datacontract lint` has against it."""

import json
import logging
import sys

from datacontract.data_contract import DataContract

logging.disable(logging.CRITICAL)

told = []
for text in json.load(sys.stdin):
    run = DataContract(data_contract_str=text, all_errors=True).lint()
    told.append([f"{check.result.value}: {check.name}: {check.reason}" for check in run.checks if check.result != "passed"])
json.dump(told, sys.stdout)
