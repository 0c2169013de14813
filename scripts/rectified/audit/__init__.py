"""Audit of derivatives: those that automatic differentiation returns against those of the function evaluated."""

from rectified.audit.assertions import assert_consistent as assert_consistent
from rectified.audit.comparison import Comparison as Comparison
from rectified.audit.comparison import compare as compare
from rectified.audit.derivative_audit import audit as audit
from rectified.audit.result import Audit as Audit
from rectified.audit.result import Audits as Audits
