"""The interface for other systems 接口: a department's own system hands in files and asks what became of them.

A token acts with exactly the rights of its user: what the user may not see or hand in, the token may not either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from ninja import File, Form, NinjaAPI, Status
from ninja.errors import ValidationError
from ninja.files import UploadedFile
from ninja.security import HttpBearer

from xianjie.messages import UserError, say
from xianjie.web.accounts.scope import scope_of
from xianjie.web.api.schemas import ColumnOut, DeliveryList, DeliveryOut, LayoutOut, Mode, Problem
from xianjie.web.api.services import user_of
from xianjie.web.audit.services import Actor, acting, record
from xianjie.web.intake import selectors, services
from xianjie.web.intake.layouts import expected, layouts, of_department
from xianjie.web.intake.models import Delivery
from xianjie.web.paging import page_of

MARGIN = 1 << 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TokenAuth(HttpBearer):
    """令牌: `Authorization: Bearer <key>`."""

    def authenticate(self, request: Any, token: str) -> Any:
        user = user_of(token)
        if user is None:
            return None
        request.user, request.scope = user, scope_of(user)
        return user


api = NinjaAPI(
    title="衔接 · 部门数据接口",
    version="1",
    description="部门系统用令牌报送文件、查询逐行结果。令牌的权限与它所属账号的权限完全相同。",
    docs_url=None,
    openapi_url=None,
    auth=TokenAuth(),
    urls_namespace="api-1",
)
ERRORS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 413: Problem}


def as_user(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Events inside belong to the token's user."""

    @wraps(operation)
    def acted(request: Any, *arguments: Any, **options: Any) -> Any:
        user = request.user
        origin = request.META.get("REMOTE_ADDR", "")
        with acting(Actor(user.username, user.display_name, f"API · {request.scope.words('zh')}"[:200], origin)):
            return operation(request, *arguments, **options)

    return acted


@api.exception_handler(UserError)
def _user_error(request: Any, error: UserError) -> HttpResponse:
    status = 413 if error.code == "intake.too_big" else 400
    return api.create_response(request, {"code": error.code, "message": str(error)}, status=status)


@api.exception_handler(PermissionDenied)
def _denied(request: Any, error: Exception) -> HttpResponse:
    return api.create_response(request, {"code": "api.denied", "message": say("api.denied")}, status=403)


@api.exception_handler(ValidationError)
def _invalid(request: Any, error: ValidationError) -> HttpResponse:
    where = "、".join(sorted({str(one["loc"][-1]) for one in error.errors}))
    return api.create_response(
        request, {"code": "api.invalid", "message": say("api.invalid", fields=where)}, status=400
    )


def not_found(request: Any) -> HttpResponse:
    """No such record, or one outside the token's scope: both look the same."""
    return api.create_response(request, {"code": "api.not_found", "message": say("api.not_found")}, status=404)


def _one(request: Any, pk: int, permission: str = "intake.view") -> Delivery | None:
    found: Delivery | None = selectors.deliveries(request.scope, permission).filter(pk=pk).first()
    return found


@api.get("/layouts", response={200: list[LayoutOut], **ERRORS}, summary="可以报送的内容", operation_id="layouts")
@as_user
def list_layouts(request: Any) -> Any:
    """What this token may hand in, with the columns of each file."""
    mine = selectors.departments(request.scope, "intake.deliver")
    wanted = of_department("") if "" in mine else [one for name in sorted(mine) for one in of_department(name)]
    return [
        LayoutOut(
            layout=one.layout,
            title=one.zh,
            department=one.department,
            columns=[
                ColumnOut(header=column.header, required=column.required, also=list(column.also))
                for column in expected(one.layout)
            ],
        )
        for one in wanted
    ]


@api.post(
    "/deliveries",
    response={201: DeliveryOut, 200: DeliveryOut, **ERRORS},
    summary="报送一份文件",
    operation_id="deliver",
)
@as_user
def deliver(
    request: Any,
    layout: Form[str],
    day: Form[date],
    file: File[UploadedFile],
    mode: Form[Mode] = "whole",
    county: Form[str] = "",
) -> Any:
    """Keep a file and queue its reading: 201; the same bytes once more: 200 and `repeated`."""
    held = selectors.counties(request.scope, "intake.deliver")
    if not county and len(held) != 1:
        raise UserError("api.which_county", counties="、".join(held))
    code = county or held[0]
    if layout in layouts() and not request.scope.allows("intake.deliver", code, layouts()[layout].department):
        raise PermissionDenied
    offer = services.Offer(code, layout, day, file.name or "", mode, Delivery.API)
    receipt = services.receive(offer, file.chunks(), request.scope, request.user)
    return Status(200 if receipt.repeated else 201, DeliveryOut.of(receipt.delivery, receipt.repeated))


@api.get("/deliveries", response={200: DeliveryList, **ERRORS}, summary="报送记录", operation_id="deliveries")
@as_user
def list_deliveries(request: Any, layout: str = "", after: str = "") -> Any:
    """The deliveries in sight, fifty at a time."""
    rows = selectors.deliveries(request.scope)
    page = page_of(rows.filter(layout=layout) if layout else rows, "-id", after=after)
    return DeliveryList(deliveries=[DeliveryOut.of(one) for one in page.rows], after=page.after)


@api.get("/deliveries/{pk}", response={200: DeliveryOut, **ERRORS}, summary="一次报送的结果", operation_id="delivery")
@as_user
def one_delivery(request: Any, pk: int) -> Any:
    """State, progress and counts of one delivery."""
    found = _one(request, pk)
    return DeliveryOut.of(found) if found else not_found(request)


@api.get(
    "/deliveries/{pk}/giveback",
    response={200: bytes, **ERRORS},
    summary="带说明的退回文件",
    operation_id="giveback",
    openapi_extra={"responses": {200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}}},
)
@as_user
def giveback(request: Any, pk: int) -> Any:
    """The Excel with remarks; 404 when every row was accepted as it was."""
    found = _one(request, pk, "intake.deliver")
    path = found.read_folder / "giveback.xlsx" if found else None
    if found is None or path is None or not path.is_file():
        return not_found(request)
    record(
        "intake.download", subject=("delivery", str(found.pk)), region_code=found.region_code,
        after={"file": "giveback", "via": "api"},
    )  # fmt: skip
    return FileResponse(path.open("rb"), content_type=XLSX, headers={"Cache-Control": "no-store"})


def too_long(request: Any) -> bool:
    """Whether a request announces more than a file may have; asked before anything of it is read."""
    return _length(request) > settings.UPLOAD_LIMIT_BYTES + MARGIN


def refused(request: Any) -> HttpResponse:
    """The answer to a request that is too long."""
    try:
        services.check_size(_length(request))
    except UserError as error:
        response = _user_error(request, error)
        response["Connection"] = "close"
        return response
    raise ValueError("the request is not too long")


def _length(request: Any) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdigit() else 0
