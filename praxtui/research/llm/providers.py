"""Model providers by LiteLLM's names: the environment variables people set for each, and the parameter each becomes.

Everything is passed with the call, so that nothing has to stand in the environment of the process that calls. Names
and parameters are those of LiteLLM 1.106 and of the providers' own documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from praxtui.errors import UserError, did_you_mean

Variables = Mapping[str, str]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """`ways`: each is a set of variables that together will do, the best known first; none where no key is needed.

    All variables map to LiteLLM's parameters. `more` is taken along where it is set: of two for one parameter, the
    first. `base`: where its server is unless said. `files`: of which one, in the person's home, does as well as a way.
    """

    ways: tuple[Variables, ...] = ()
    more: Variables = {}
    base: str | None = None
    files: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that matters, each once."""
        return tuple(dict.fromkeys([name for way in self.ways for name in way] + list(self.more)))


def _keyed(*names: str, base: tuple[str, ...] = ()) -> Provider:
    """A provider with one key, which goes by any of `names`."""
    return Provider(ways=tuple({name: "api_key"} for name in names), more=dict.fromkeys(base, "api_base"))


def _local(stem: str, address: str) -> Provider:
    """A server on the person's machine: a key may be set, none is needed."""
    return Provider(more={f"{stem}_API_BASE": "api_base", f"{stem}_API_KEY": "api_key"}, base=address)


OPENAI_BASES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
_openai = Provider(
    ways=({"OPENAI_API_KEY": "api_key"},),
    more={**dict.fromkeys(OPENAI_BASES, "api_base"), "OPENAI_ORGANIZATION": "organization"},
)
_azure = Provider(
    ways=(
        {"AZURE_API_KEY": "api_key", "AZURE_API_BASE": "api_base"},
        {"AZURE_OPENAI_API_KEY": "api_key", "AZURE_API_BASE": "api_base"},
        {"AZURE_AD_TOKEN": "azure_ad_token", "AZURE_API_BASE": "api_base"},
    ),
    more={"AZURE_API_VERSION": "api_version"},
)
_bedrock = Provider(
    ways=(
        {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"},
        {"AWS_BEARER_TOKEN_BEDROCK": "api_key"},
        {"AWS_PROFILE": "aws_profile_name"},
    ),
    more={
        "AWS_SESSION_TOKEN": "aws_session_token",
        "AWS_REGION_NAME": "aws_region_name",
        "AWS_REGION": "aws_region_name",
        "AWS_DEFAULT_REGION": "aws_region_name",
    },
    files=(".aws/credentials",),
)
_vertex = Provider(
    ways=(
        {"GOOGLE_APPLICATION_CREDENTIALS": "vertex_credentials"},
        {"VERTEXAI_CREDENTIALS": "vertex_credentials"},
    ),
    more={
        "VERTEXAI_PROJECT": "vertex_project",
        "VERTEX_PROJECT": "vertex_project",
        "GOOGLE_CLOUD_PROJECT": "vertex_project",
        "VERTEXAI_LOCATION": "vertex_location",
        "VERTEX_LOCATION": "vertex_location",
    },
    files=(".config/gcloud/application_default_credentials.json",),
)
_cohere = _keyed("COHERE_API_KEY", "CO_API_KEY", base=("COHERE_API_BASE",))

PROVIDERS: dict[str, Provider] = {
    "anthropic": _keyed("ANTHROPIC_API_KEY", base=("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")),
    "openai": _openai,
    "gemini": _keyed("GEMINI_API_KEY", "GOOGLE_API_KEY", base=("GEMINI_API_BASE",)),
    "openrouter": _keyed("OPENROUTER_API_KEY", "OR_API_KEY", base=("OPENROUTER_API_BASE",)),
    "mistral": _keyed("MISTRAL_API_KEY", base=("MISTRAL_API_BASE",)),
    "deepseek": _keyed("DEEPSEEK_API_KEY", base=("DEEPSEEK_API_BASE",)),
    "groq": _keyed("GROQ_API_KEY", base=("GROQ_API_BASE",)),
    "xai": _keyed("XAI_API_KEY", base=("XAI_API_BASE",)),
    "together_ai": _keyed(
        "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN",
        base=("TOGETHER_AI_API_BASE",),
    ),
    "fireworks_ai": _keyed(
        "FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN",
        base=("FIREWORKS_API_BASE",),
    ),
    "cerebras": _keyed("CEREBRAS_API_KEY", base=("CEREBRAS_API_BASE",)),
    "sambanova": _keyed("SAMBANOVA_API_KEY", base=("SAMBANOVA_API_BASE",)),
    "perplexity": _keyed("PERPLEXITY_API_KEY", "PERPLEXITYAI_API_KEY", base=("PERPLEXITY_API_BASE",)),
    "cohere_chat": _cohere,
    "cohere": _cohere,
    "moonshot": _keyed("MOONSHOT_API_KEY", base=("MOONSHOT_API_BASE",)),
    "dashscope": _keyed("DASHSCOPE_API_KEY", base=("DASHSCOPE_API_BASE",)),
    "zai": _keyed("ZAI_API_KEY", base=("ZAI_API_BASE",)),
    "minimax": _keyed("MINIMAX_API_KEY", base=("MINIMAX_API_BASE",)),
    "nvidia_nim": _keyed("NVIDIA_NIM_API_KEY", base=("NVIDIA_NIM_API_BASE",)),
    "huggingface": _keyed("HF_TOKEN", "HUGGINGFACE_API_KEY", base=("HF_API_BASE", "HUGGINGFACE_API_BASE")),
    "github": _keyed("GITHUB_API_KEY", base=("GITHUB_API_BASE",)),
    "nebius": _keyed("NEBIUS_API_KEY", base=("NEBIUS_API_BASE",)),
    "novita": _keyed("NOVITA_API_KEY", base=("NOVITA_API_BASE",)),
    "deepinfra": _keyed("DEEPINFRA_API_KEY", base=("DEEPINFRA_API_BASE",)),
    "hyperbolic": _keyed("HYPERBOLIC_API_KEY", base=("HYPERBOLIC_API_BASE",)),
    "friendliai": _keyed("FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN", base=("FRIENDLI_API_BASE",)),
    "baseten": _keyed("BASETEN_API_KEY", base=("BASETEN_API_BASE",)),
    "volcengine": _keyed("VOLCENGINE_API_KEY", "ARK_API_KEY", base=("VOLCENGINE_API_BASE",)),
    "meta_llama": _keyed("LLAMA_API_KEY", base=("LLAMA_API_BASE",)),
    "vercel_ai_gateway": _keyed(
        "VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN", base=("VERCEL_AI_GATEWAY_API_BASE",)
    ),
    "wandb": _keyed("WANDB_API_KEY", base=("WANDB_API_BASE",)),
    "databricks": Provider(
        ways=(
            {"DATABRICKS_API_KEY": "api_key", "DATABRICKS_API_BASE": "api_base"},
            {"DATABRICKS_TOKEN": "api_key", "DATABRICKS_API_BASE": "api_base"},
        )
    ),
    "azure": _azure,
    "azure_ai": Provider(
        ways=({"AZURE_AI_API_KEY": "api_key", "AZURE_AI_API_BASE": "api_base"},),
        more={"AZURE_AI_API_VERSION": "api_version"},
    ),
    "bedrock": _bedrock,
    "vertex_ai": _vertex,
    "litellm_proxy": Provider(
        ways=({"LITELLM_PROXY_API_KEY": "api_key", "LITELLM_PROXY_API_BASE": "api_base"},),
    ),
    "ollama": _local("OLLAMA", "http://127.0.0.1:11434"),
    "ollama_chat": _local("OLLAMA", "http://127.0.0.1:11434"),
    "hosted_vllm": _local("HOSTED_VLLM", "http://127.0.0.1:8000/v1"),
    "llamafile": _local("LLAMAFILE", "http://127.0.0.1:8080/v1"),
    "lm_studio": _local("LM_STUDIO", "http://127.0.0.1:1234/v1"),
}  # fmt: skip

# How the names of models begin that people write without their provider.
BARE = {
    "claude-": "anthropic",
    **dict.fromkeys(("gpt-", "chatgpt-", "o1", "o3", "o4", "codex-"), "openai"),
    "gemini-": "gemini",
    "grok-": "xai",
    "deepseek-": "deepseek",
    **dict.fromkeys(("mistral-", "magistral-", "codestral-", "devstral-", "ministral-"), "mistral"),
    "command-": "cohere_chat",
    "sonar": "perplexity",
    "kimi-": "moonshot",
}


def whole_name(model: str) -> str:
    """`model` with its provider: `gpt-5` becomes `openai/gpt-5`. Raises UserError where nobody knows the provider.

    LiteLLM takes a bare `gemini-...` for one of Vertex AI, which few people mean: here it is one of the Gemini API.
    """
    name = model.strip()
    if not name or any(c.isspace() for c in name):
        raise UserError(f"{model!r} is not the name of a model", fix=EXAMPLES)
    provider, slash, rest = name.partition("/")
    if provider and slash and rest:
        if provider not in PROVIDERS and provider not in _others():
            near = did_you_mean(provider, PROVIDERS)
            raise UserError(f"unknown model provider {provider!r} in {name}{near}", fix=EXAMPLES)
        return name
    found = next((provider for start, provider in BARE.items() if name.startswith(start)), None)
    if found is None or slash:
        raise UserError(f"which provider has the model {name}? Write PROVIDER/{name.strip('/')}", fix=EXAMPLES)
    return f"{found}/{name}"


EXAMPLES = "for example anthropic/claude-sonnet-4-5, openai/gpt-5, ollama_chat/qwen3; `praxtui models` lists some"


def with_provider(model: str) -> str:
    """`model` as its campaign has it; as it is where nobody knows its provider."""
    try:
        return whole_name(model)
    except UserError:
        return model


def of(model: str) -> Provider:
    """The provider of a model; of one that is not in the table, what the custom among providers suggests."""
    name = model.partition("/")[0] if "/" in model else next((p for s, p in BARE.items() if model.startswith(s)), "")
    if name in PROVIDERS:
        return PROVIDERS[name]
    stem = name.upper().replace("-", "_")
    return _keyed(f"{stem}_API_KEY", base=(f"{stem}_API_BASE",)) if stem else Provider()


def _others() -> frozenset[str]:
    """Providers that LiteLLM has beside those of the table."""
    from praxtui.research.llm import catalog

    return catalog.providers()
