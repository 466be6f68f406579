using System.Net;

namespace Mesh.Proxy.Gateways;

/// <summary>One gateway of the control plane.</summary>
/// <param name="Address">As it was named. TLS goes by it.</param>
/// <param name="At">Where the name leads to, if it was looked up: a name with several addresses stands for as many gateways.</param>
public sealed record Gateway(Uri Address, IPAddress? At = null)
{
    /// <summary>Tells it from the others, and to people where it is.</summary>
    public string Name { get; } = At is null ? Address.Authority : new IPEndPoint(At, Address.Port).ToString();
}
