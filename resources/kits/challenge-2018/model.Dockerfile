# A model of the challenge; weights.npz is made by fit.py.
#   docker build --file model.Dockerfile --tag my-model .
ARG BASE=python:3.12-slim
FROM ${BASE}
RUN python3 -c "import numpy" || python3 -m pip install --no-cache-dir numpy==2.2.6
ENV PYTHONDONTWRITEBYTECODE=1
COPY bson.py features.py model.py weights.npz /model/
# Containers run as any user, who must be able to read all this.
RUN chmod -R a+rX /model
CMD ["python3", "/model/model.py"]
