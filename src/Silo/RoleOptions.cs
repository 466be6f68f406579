namespace Mesh.Silo;

/// <summary>Which options of the Cluster edition go together.</summary>
internal static class RoleOptions
{
    /// <summary>What does not fit, and what would; null when all does.</summary>
    public static string? Trouble(SiloOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Postgres))
        {
            return options.HasGrains
                ? "The Cluster edition needs --postgres, which holds the members. Give its connection string."
                : "--role gateway needs --postgres, where it finds the silos. Give the connection string that they have.";
        }

        if (string.IsNullOrWhiteSpace(options.Redis) && options.HasGrains)
        {
            return "The Cluster edition needs --redis, which holds the grains' states. Give its connection string.";
        }

        if (!options.HasGrains)
        {
            return null;
        }

        if (options.Advertise.Equals(System.Net.IPAddress.Any) || options.Advertise.Equals(System.Net.IPAddress.IPv6Any))
        {
            return $"--advertise '{options.Advertise}': Others cannot connect to this. Use the address of this machine that they reach it at.";
        }

        if (options.SiloPort == 0)
        {
            return "--silo-port '0': Other silos have to know it. Use 1 to 65535.";
        }

        var ports = new (string Name, int Port)[]
        {
            ("silo-port", options.SiloPort), ("orleans-gateway-port", options.OrleansGatewayPort), ("grpc-port", options.GrpcPort), ("rest-port", options.RestPort),
        };
        return ports.Where(static port => port.Port != 0).GroupBy(static port => port.Port).FirstOrDefault(static same => same.Count() > 1) is { } twice
            ? $"{string.Join(" and ", twice.Select(static port => $"--{port.Name}"))} are both {twice.Key}. Give them different ones."
            : null;
    }
}
