"""Addresses of sign-in, one's own account, and the administration of accounts."""

from django.urls import path

from xianjie.web.accounts import user_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/demo/", views.demo_login, name="demo_login"),
    path("login/code/", views.second_step, name="second_step"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.language, name="language"),
    path("me/", views.me, name="me"),
    path("me/password/", views.password, name="password"),
    path("me/two-step/", views.two_step, name="two_step"),
    path("me/two-step/off/", views.two_step_off, name="two_step_off"),
    path("me/tokens/", views.make_token, name="make_token"),
    path("me/tokens/<int:pk>/withdraw/", views.withdraw_token, name="withdraw_token"),
    path("accounts/", user_views.users, name="users"),
    path("accounts/export/", user_views.export, name="export"),
    path("accounts/template/", user_views.template, name="template"),
    path("accounts/upload/", user_views.upload, name="upload"),
    path("accounts/new/", user_views.new_user, name="new_user"),
    path("accounts/<int:pk>/", user_views.user, name="user"),
    path("accounts/<int:pk>/edit/", user_views.edit_user, name="edit_user"),
    path("accounts/<int:pk>/grants/<int:grant>/withdraw/", user_views.withdraw, name="withdraw"),
    path("accounts/<int:pk>/<str:action>/", user_views.user_action, name="user_action"),
]
