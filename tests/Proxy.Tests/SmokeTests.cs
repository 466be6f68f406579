namespace Mesh.Proxy.Tests;

public class SmokeTests
{
    [Xunit.Fact]
    public void The_project_builds() => Xunit.Assert.True(true);
}
