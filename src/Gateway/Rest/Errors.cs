using Mesh.Contracts;
using Mesh.Gateway.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Rest;

/// <summary>Turns what no route answered into problem details: unknown paths, wrong methods, failures.</summary>
internal static class Errors
{
    public static void UseMeshErrors(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Mesh.Gateway.Rest");
        app.UseStatusCodePages(Empty);
        app.Use(async (http, next) =>
        {
            try
            {
                await next(http);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                // The caller has gone; there is nobody to answer.
            }
            catch (Exception failure) when (!http.Response.HasStarted)
            {
                // The id is to be known, above all when the command is to be repeated.
                var operation = http.Response.Headers[IdempotencyKey.Header];
                http.Response.Clear();
                if (operation.Count > 0)
                {
                    http.Response.Headers[IdempotencyKey.Header] = operation;
                }

                await Failed(http, failure, logger);
            }
        });
    }

    private static Task Empty(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var status = http.Response.StatusCode;
        return status switch
        {
            StatusCodes.Status404NotFound => Answers.WriteProblem(
                http, status, "Not found", "There is nothing at this path.", "See /v1/openapi.json for the paths there are."),
            StatusCodes.Status405MethodNotAllowed => Answers.WriteProblem(
                http, status, "Method not allowed", $"This path does not take {http.Request.Method}.",
                $"It takes {(http.Response.Headers.Allow.ToString() is { Length: > 0 } allow ? allow : "other methods")}."),
            StatusCodes.Status415UnsupportedMediaType => Answers.WriteProblem(
                http, status, "Unsupported media type", "The body's Content-Type is not taken here.", "Send application/json."),
            _ => Answers.WriteProblem(http, status, "The request failed", $"It failed with status {status}.", "See the server's log."),
        };
    }

    private static Task Failed(HttpContext http, Exception failure, ILogger logger)
    {
        switch (failure)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Answers.WriteProblem(
                    http, StatusCodes.Status413PayloadTooLarge, "Payload too large", "The body is larger than anything this server takes.", "Send less.");
            case BadHttpRequestException bad:
                return Answers.WriteProblem(
                    http, bad.StatusCode, "The request is not valid", "The request breaks HTTP's rules or ended early.", "Send it again, whole.");
            case not null when StoreAwayException.IsBehind(failure):
                logger.LogDebug(failure, "{Method} {Path} needs the store, which is away", http.Request.Method, http.Request.Path);
                http.Response.Headers.RetryAfter = "2";
                return Answers.WriteProblem(
                    http, StatusCodes.Status503ServiceUnavailable, "The store is away",
                    "The store that makes changes durable does not take them now. What runs goes on, and nothing that was acknowledged is lost; whether this change was made is not known.",
                    $"Send the request again, with the same {IdempotencyKey.Header}, when /readyz no longer shows the store as failing: it is done once.");
            case not null when failure is OperationCanceledException || GrainFailures.Of(failure) == GrainFailure.Lost:
                logger.LogWarning(failure, "{Method} {Path} got no answer from the grains", http.Request.Method, http.Request.Path);
                http.Response.Headers.RetryAfter = "1";
                return Answers.WriteProblem(
                    http, StatusCodes.Status503ServiceUnavailable, "No answer in time",
                    "The part of the control plane that owns this did not answer; whether a change was made is not known.",
                    $"Send the request again, with the same {IdempotencyKey.Header}: it is done once.");
            default:
                logger.LogError(failure, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
                return Answers.WriteProblem(
                    http, StatusCodes.Status500InternalServerError, "Internal error",
                    "The control plane made a mistake.", "Look for the trace id in its log, and report it.");
        }
    }
}
