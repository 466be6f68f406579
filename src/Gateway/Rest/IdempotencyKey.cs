using Mesh.Core;
using Mesh.Core.Operations;
using Mesh.Gateway.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>The header with which a caller names its command, so that it can repeat it (draft-ietf-httpapi-idempotency-key-header).</summary>
internal static class IdempotencyKey
{
    /// <summary>The header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Reads the id. It is in the answer's header too, for who did not choose it and wants to repeat the command.</summary>
    /// <param name="http">The request.</param>
    /// <param name="operation">The caller's id, or one made here.</param>
    /// <param name="given">Whether it is the caller's: then the command may be a repeat.</param>
    /// <returns>The refusal of what cannot be an id; null when all is well.</returns>
    public static IResult? Read(HttpContext http, out string operation, out bool given)
    {
        var values = http.Request.Headers[Header];
        given = values.Count > 0;
        operation = given ? values.ToString() : OperationIds.New();
        if (values.Count > 1)
        {
            return Answers.Refused(ProblemKind.Invalid, Header, operation, "The header is given more than once.", "Give it once.");
        }

        if (Command.Check(operation, Header) is { } problem)
        {
            return Answers.Refused([problem]);
        }

        http.Response.Headers[Header] = operation;
        return null;
    }

    /// <summary>Says in the OpenAPI document that a route takes the header.</summary>
    public static RouteHandlerBuilder IsCommand(this RouteHandlerBuilder route) => route.WithMetadata(new CommandRoute());
}

/// <summary>A route that takes <see cref="IdempotencyKey.Header"/>.</summary>
internal sealed record CommandRoute;
