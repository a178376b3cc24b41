import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView


class SaysNothingAboutItself(APIView):
    def get(self, request):
        return Response({"leaked": True})


@pytest.mark.parametrize("is_superuser", [True, False])
def test_a_view_that_names_no_capability_is_closed_to_all(django_user_model, is_superuser):
    request = APIRequestFactory().get("/")
    force_authenticate(request, django_user_model(username="ada", is_superuser=is_superuser))

    assert SaysNothingAboutItself.as_view()(request).status_code == 403
