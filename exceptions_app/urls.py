"""Every address of the pages. tests/exceptions_app/test_url_roles.py says who may go where."""

from django.urls import include, path

from exceptions_app.views import styleguide, account, cases, fixes, home, hooks, manual, operations, returns

urlpatterns = [
    path("api/", include("exceptions_app.api.urls")),
    path("", home.home, name="home"),
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("runs/<int:bridge_id>/start/", home.start_run, name="run-start"),
    path("exceptions/", cases.index, name="case-list"),
    path("exceptions/export.csv", cases.export, name="case-export"),
    path("exceptions/causes/<int:group_id>/", cases.cause, name="cause-list"),
    path("exceptions/<int:case_id>/", cases.detail, name="case-detail"),
    path("exceptions/<int:case_id>/assign/", cases.assign, name="case-assign"),
    path("exceptions/<int:case_id>/close/", cases.close, name="case-close"),
    path("exceptions/<int:case_id>/preview/", fixes.preview, name="fix-preview"),
    path("exceptions/<int:case_id>/request/", fixes.ask, name="fix-request"),
    path("approvals/", fixes.index, name="fix-list"),
    path("approvals/<int:fix_id>/", fixes.detail, name="fix-detail"),
    path("approvals/<int:fix_id>/approve/", fixes.approve, name="fix-approve"),
    path("approvals/<int:fix_id>/reject/", fixes.reject, name="fix-reject"),
    path("approvals/<int:fix_id>/undo/", fixes.undo, name="fix-undo"),
    path("returns/", returns.list_returns, name="return-list"),
    path("returns/<int:rma_id>/", returns.detail, name="return-detail"),
    path("operations/", operations.overview, name="operations"),
    path(
        "operations/connections/<int:connection_id>/check/",
        operations.check,
        name="connection-check",
    ),
    path(
        "operations/connections/<int:connection_id>/resume/",
        operations.resume,
        name="connection-resume",
    ),
    path("operations/inbox/", operations.inbox, name="inbox"),
    path("operations/inbox/<int:event_id>/", operations.event_detail, name="event-detail"),
    path("operations/inbox/<int:event_id>/replay/", operations.replay, name="event-replay"),
    path("operations/postings/", operations.list_postings, name="posting-list"),
    path("operations/postings/<int:posting_id>/", operations.posting_detail, name="posting-detail"),
    path("postings/<int:posting_id>/key/", operations.key_by_hand, name="posting-key"),
    path("hooks/<str:code>/<str:secret>/", hooks.receive, name="hook"),
    path("styleguide/", styleguide.index, name="styleguide"),
    path("manual/", manual.index, name="manual"),
    path("manual/<str:code>/", manual.page, name="manual-type"),
]
