# Vaurien as a container:
#
#   docker build -t vaurien .
#   docker run -p 8474:8474 -p 3307:3307 vaurien
#
# Without arguments it waits for clients to create proxies over its control service on port
# 8474, as Toxiproxy's image does.  Settings come from the environment (VAURIEN_BACKEND=db:3306,
# VAURIEN_PROTOCOL=mysql), from a file (VAURIEN_CONFIG=/etc/vaurien.ini), or from arguments.
# With VAURIEN_TOKEN set every request needs that token.

FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
# The wheels are mounted, not copied, so that no layer keeps them.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels --root-user-action ignore \
        vaurien-twisted \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vaurien
ENV VAURIEN_TOXIPROXY=0.0.0.0:8474 \
    VAURIEN_INSECURE=true \
    VAURIEN_URL=http://localhost:8474 \
    PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8474
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8474/health', timeout=2)"]
ENTRYPOINT ["vaurien"]
