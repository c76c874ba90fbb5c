"""The interface described for people and programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from xianjie.web.accounts.access import signed_in
from xianjie.web.api.interface import api

PREFIX = "/api"


def schema() -> dict[str, Any]:
    """The interface as OpenAPI tells it; the contract that other systems build on."""
    return dict(api.get_openapi_schema(path_prefix=PREFIX))


@signed_in
def openapi(request: Any) -> HttpResponse:
    """The description for programs."""
    return JsonResponse(schema(), json_dumps_params={"ensure_ascii": False, "indent": 1})


@signed_in
def description(request: Any) -> HttpResponse:
    """The description for people: what can be asked, with what, and what comes back."""
    told = schema()
    shapes = told["components"]["schemas"]
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": one["summary"],
            "parameters": [*_parameters(one), *_body(one, shapes)],
            "answers": [{"code": code, "shape": _shape(answer)} for code, answer in one["responses"].items()],
        }
        for path, methods in told["paths"].items()
        for method, one in methods.items()
    ]
    listed = [
        {"name": name, "about": shape.get("description", ""), "fields": _fields(shape)}
        for name, shape in shapes.items()
        if name not in ("FormParams", "FileParams", "MultiPartBodyParams")
    ]  # fmt: skip
    context = {
        "page_title": _("部门数据接口"),
        "page_subtitle": told["info"]["description"],
        "operations": operations,
        "shapes": listed,
        "host": request.build_absolute_uri("/api"),
    }
    return render(request, "api/description.html", context)


def _parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": one["name"], "in": one["in"], "required": one["required"], "kind": _kind(one["schema"])}
        for one in operation.get("parameters", [])
    ]


def _body(operation: dict[str, Any], shapes: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for content in operation.get("requestBody", {}).get("content", {}).values():
        shape = content["schema"]
        shape = shapes[shape["$ref"].rsplit("/", 1)[-1]] if "$ref" in shape else shape
        found += [{**one, "in": "form"} for one in _fields(shape)]
    return found


def _fields(shape: dict[str, Any]) -> list[dict[str, Any]]:
    required = shape.get("required", [])
    return [
        {"name": name, "kind": _kind(one), "required": name in required, "about": one.get("description", "")}
        for name, one in shape.get("properties", {}).items()
    ]


def _kind(shape: dict[str, Any]) -> str:
    """A type in a word."""
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in shape:
        return " / ".join(_kind(one) for one in shape["anyOf"])
    if "enum" in shape:
        return " / ".join(map(str, shape["enum"]))
    if shape.get("type") == "array":
        return f"[{_kind(shape.get('items', {}))}]"
    return str(shape.get("format") or shape.get("type") or "")


def _shape(answer: dict[str, Any]) -> str:
    for kind, content in answer.get("content", {}).items():
        return _kind(content["schema"]) if kind == "application/json" else kind
    return ""
