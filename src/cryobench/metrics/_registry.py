"""The registry of metrics: what each one is, in words."""

from __future__ import annotations

from cryobench.core import MetricCard, Registry

METRICS: Registry[MetricCard] = Registry("metric")
