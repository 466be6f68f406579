using Mesh.Contracts;
using Mesh.Core;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>Checks the names in a path before any grain is called by them.</summary>
internal static class RouteNames
{
    public static IResult? Service(string ns, string name, out ServiceId service)
    {
        service = new ServiceId(ns, name);
        return !Names.IsLabel(ns) ? BadNamespace(ns) : !Names.IsSubdomain(name) ? BadName("name", name) : null;
    }

    public static IResult? Endpoint(string ns, string name, string id, out ServiceId service) =>
        Service(ns, name, out service) ?? (Names.IsEndpointId(id) ? null : Answers.Refused(
            ProblemKind.Invalid, "id", id, "This cannot be an endpoint's id.", "Use 1 to 128 letters, digits and - _ . :"));

    public static IResult? Policy(string kind, string ns, string name, out PolicyKey policy)
    {
        policy = new PolicyKey(kind, ns, name);
        return !(kind is { Length: > 0 and <= 63 } && kind.All(char.IsAsciiLetterOrDigit))
            ? Answers.Refused(ProblemKind.Invalid, "kind", kind, "This cannot be a kind of document.", "Write it as in the document, such as DestinationRule.")
            : !Names.IsLabel(ns) ? BadNamespace(ns)
            : !Names.IsSubdomain(name) ? BadName("name", name)
            : null;
    }

    private static IResult BadNamespace(string ns) => Answers.Refused(
        ProblemKind.Invalid, "namespace", ns, "This cannot be a namespace's name.", "Use 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends.");

    private static IResult BadName(string field, string name) => Answers.Refused(
        ProblemKind.Invalid, field, name, "This cannot be a name.", "Use at most 253 of a-z, 0-9, '-' and '.', with a letter or digit at both ends of each part.");
}
