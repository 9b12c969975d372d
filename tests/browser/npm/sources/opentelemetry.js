// OpenTelemetry's wrapper of fetch: a span for each request, ended with its status.
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { SimpleSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { WebTracerProvider } from "@opentelemetry/sdk-trace-web";

const spans = new InMemorySpanExporter();
const provider = new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
provider.register();
const instrumentation = new FetchInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.enable();
fetch("/npm/data/teas.json").then((answer) => answer.json()).then((teas) => {
  const wait = setInterval(() => {
    const [span] = spans.getFinishedSpans();
    if (!span) return;
    clearInterval(wait);
    document.getElementById("front").textContent = teas.join(", ");
    ran("front-opentelemetry: " + span.attributes["http.status_code"]);
  }, 10);
});
