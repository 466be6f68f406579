namespace Mesh.Bench.Push.Client;

/// <summary>For streams whose content nobody asks about.</summary>
internal sealed class Nobody : IArrivals
{
    public void Arrived(int stream, in Assignment assignment, long at)
    {
    }
}
