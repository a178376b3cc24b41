"""Addresses of version 1."""

from django.urls import path

from exceptions_app.api.v1 import acceptances, item_feeds, item_reads, quotes, views

urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="api-case-list"),
    path("cases/<int:case_id>/", views.CaseDetail.as_view(), name="api-case-detail"),
    path("cases/<int:case_id>/assign/", views.CaseAssign.as_view(), name="api-case-assign"),
    path("cases/<int:case_id>/snooze/", views.CaseSnooze.as_view(), name="api-case-snooze"),
    path("cases/<int:case_id>/wake/", views.CaseWake.as_view(), name="api-case-wake"),
    path(
        "cases/<int:case_id>/read-item/",
        item_reads.CaseReadItem.as_view(),
        name="api-case-read-item",
    ),
    path("cases/<int:case_id>/close/", views.CaseClose.as_view(), name="api-case-close"),
    path("cases/<int:case_id>/reopen/", views.CaseReopen.as_view(), name="api-case-reopen"),
    path("views/", views.ViewList.as_view(), name="api-view-list"),
    path("cause-groups/", views.CauseList.as_view(), name="api-cause-list"),
    path("returns/", views.ReturnList.as_view(), name="api-return-list"),
    path("returns/<int:rma_id>/", views.ReturnDetail.as_view(), name="api-return-detail"),
    path("postings/", views.PostingList.as_view(), name="api-posting-list"),
    path("postings/<int:posting_id>/", views.PostingDetail.as_view(), name="api-posting-detail"),
    path("credit-quotes/", quotes.CreditQuotes.as_view(), name="api-quote-list"),
    path(
        "credit-quotes/<int:quote_id>/", quotes.CreditQuoteDetail.as_view(), name="api-quote-detail"
    ),
    path("item-feeds/", item_feeds.ItemFeedList.as_view(), name="api-item-feeds"),
    path("acceptances/", acceptances.AcceptanceList.as_view(), name="api-acceptance-list"),
    path(
        "acceptances/<int:acceptance_id>/",
        acceptances.AcceptanceDetail.as_view(),
        name="api-acceptance-detail",
    ),
    path(
        "acceptances/<int:acceptance_id>/owner/",
        acceptances.AcceptanceOwner.as_view(),
        name="api-acceptance-owner",
    ),
    path(
        "acceptances/<int:acceptance_id>/renew/",
        acceptances.AcceptanceRenew.as_view(),
        name="api-acceptance-renew",
    ),
    path("fixes/", views.FixList.as_view(), name="api-fix-list"),
    path("fixes/<int:fix_id>/", views.FixDetail.as_view(), name="api-fix-detail"),
    path("fixes/<int:fix_id>/approve/", views.FixApprove.as_view(), name="api-fix-approve"),
    path("fixes/<int:fix_id>/reject/", views.FixReject.as_view(), name="api-fix-reject"),
    path("fixes/<int:fix_id>/undo/", views.FixUndo.as_view(), name="api-fix-undo"),
]
