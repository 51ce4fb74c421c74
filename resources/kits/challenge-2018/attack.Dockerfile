# An attack of the challenge: noise or boundary.
#   docker build --file attack.Dockerfile --build-arg ATTACK=noise --tag my-noise .
#   docker build --file attack.Dockerfile --build-arg ATTACK=noise --build-arg TARGETED=1 --tag my-targeted .
ARG BASE=python:3.12-slim
FROM ${BASE}
ARG ATTACK=noise
ARG TARGETED=0
RUN python3 -c "import numpy" || python3 -m pip install --no-cache-dir numpy==2.2.6
ENV PYTHONDONTWRITEBYTECODE=1 TARGETED=${TARGETED}
COPY bson.py challenge.py /attack/
COPY attacks/${ATTACK}.py /attack/attacks/attack.py
RUN chmod -R a+rX /attack
CMD ["python3", "/attack/attacks/attack.py"]
